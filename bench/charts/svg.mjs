// @ts-check
// Charts as SVG text, drawn without a browser.
import { init } from 'echarts';

const WIDTH = 900;
/** Told apart by people who do not see all colours, too (Okabe and Ito). */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#8a8a00', '#000000'];

/**
 * @param {import('echarts').EChartsCoreOption} option
 * @param {number} height
 */
export function drawSvg(option, height) {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      color: COLOURS,
      textStyle: { fontFamily: 'sans-serif' },
      ...option,
    });
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose();
  }
}

/**
 * Several small charts beside each other, two in a row, with one legend: lines over the same x values, on a logarithmic scale.
 *
 * @param {{ title: string, xName: string, x: readonly string[], panels: readonly { title: string, series: readonly { name: string, data: readonly (number | null)[] }[] }[] }} chart
 */
export function linePanels({ title, xName, x, panels }) {
  const rows = Math.ceil(panels.length / 2);
  const height = 110 + rows * 260;
  const place = (/** @type {number} */ index) => ({
    left: index % 2 === 0 ? 70 : WIDTH / 2 + 50,
    top: 90 + Math.floor(index / 2) * 260,
    width: WIDTH / 2 - 110,
    height: 180,
  });
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  return drawSvg(
    {
      title: [
        { text: title, left: 16, top: 8, textStyle: { fontSize: 16 } },
        ...panels.map((panel, index) => ({
          text: panel.title,
          left: place(index).left,
          top: place(index).top - 26,
          textStyle: { fontSize: 12, fontWeight: 'normal' },
        })),
      ],
      legend: { top: 34, left: 16, data: names },
      grid: panels.map((_panel, index) => place(index)),
      xAxis: panels.map((_panel, gridIndex) => ({
        type: 'category',
        gridIndex,
        data: x,
        name: xName,
        nameLocation: 'middle',
        nameGap: 26,
      })),
      yAxis: panels.map((_panel, gridIndex) => ({ type: 'log', gridIndex })),
      series: panels.flatMap(({ series }, index) =>
        series.map(({ name, data }) => ({
          type: 'line',
          name,
          data,
          xAxisIndex: index,
          yAxisIndex: index,
          symbolSize: 6,
        })),
      ),
    },
    height,
  );
}

/**
 * A row for each contender with a dot for each figure, on a logarithmic scale, where bars would have no length that means anything. Who has
 * no figure has no dot.
 *
 * @param {{ title: string, xName: string, rows: readonly string[], series: readonly { name: string, data: readonly (number | null)[] }[], label: (value: number) => string }} chart
 */
export function dots({ title, xName, rows, series, label }) {
  return drawSvg(
    {
      title: { text: title, left: 16, top: 8, textStyle: { fontSize: 16 } },
      legend: { top: 34, left: 16, data: series.map(({ name }) => name) },
      grid: { left: 190, right: 60, top: 70, bottom: 50 },
      xAxis: { type: 'log', name: xName, nameLocation: 'middle', nameGap: 30 },
      yAxis: { type: 'category', data: rows, inverse: true, splitLine: { show: true } },
      series: series.map(({ name, data }, index) => ({
        type: 'scatter',
        name,
        symbolSize: 9,
        data: data.flatMap((value, row) => (value === null ? [] : [[value, rows[row]]])),
        label: {
          show: true,
          // Two figures that are alike are told apart by their sides.
          position: index === 0 && series.length > 1 ? 'left' : 'right',
          fontSize: 10,
          color: '#333333',
          formatter: (/** @type {{ value: [number, string] }} */ { value }) => label(value[0]),
        },
      })),
    },
    120 + rows.length * 24,
  );
}
