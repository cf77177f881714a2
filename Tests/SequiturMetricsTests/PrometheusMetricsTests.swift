import CoreMetrics
import SequiturMetrics
import Testing

struct PrometheusMetricsTests {
  private func lines(_ metrics: PrometheusMetrics) -> [String] {
    metrics.text().split(separator: "\n").map(String.init)
  }

  @Test func `a counter only grows, and is the same one when it is made again`() {
    let metrics = PrometheusMetrics()
    Counter(label: "a_total", factory: metrics).increment(by: 2)
    Counter(label: "a_total", factory: metrics).increment(by: 3)
    Counter(label: "a_total", factory: metrics).destroy()
    #expect(lines(metrics) == ["# TYPE a_total counter", "a_total 5"])
  }

  @Test func `gauges go up and down, and are gone once they are destroyed`() {
    let metrics = PrometheusMetrics()
    let gauge = Gauge(label: "g", dimensions: [("partition", "3")], factory: metrics)
    gauge.record(1.5)
    #expect(lines(metrics) == ["# TYPE g gauge", "g{partition=\"3\"} 1.5"])
    gauge.record(-2)
    let meter = Meter(label: "m", factory: metrics)
    meter.increment(by: 3)
    meter.decrement(by: 1)
    #expect(lines(metrics) == ["# TYPE g gauge", "g{partition=\"3\"} -2", "# TYPE m gauge", "m 2"])
    gauge.destroy()
    #expect(lines(metrics) == ["# TYPE m gauge", "m 2"])
  }

  @Test func `a histogram counts values up to each bound`() {
    let metrics = PrometheusMetrics([
      MetricDefinition("h_seconds", .histogram([0.1, 1]), unit: "seconds", "How long")
    ])
    let timer = Timer(label: "h_seconds", factory: metrics)
    for nanoseconds: Int64 in [50_000_000, 100_000_000, 500_000_000, 5_000_000_000] {
      timer.recordNanoseconds(nanoseconds)
    }
    #expect(
      lines(metrics) == [
        "# HELP h_seconds How long", "# TYPE h_seconds histogram", "# UNIT h_seconds seconds",
        "h_seconds_bucket{le=\"0.1\"} 2", "h_seconds_bucket{le=\"1\"} 3", "h_seconds_bucket{le=\"+Inf\"} 4",
        "h_seconds_sum 5.65", "h_seconds_count 4",
      ])
  }

  @Test func `labels are in order and escaped, and names made ones that Prometheus takes`() {
    let metrics = PrometheusMetrics([MetricDefinition("x", .counter, "a \\ and\na line")])
    Counter(label: "x", dimensions: [("b", "q\"\\\n"), ("a-b", "1"), ("1", "é")], factory: metrics)
      .increment()
    Counter(label: "9.bad name", factory: metrics).increment()
    #expect(
      lines(metrics) == [
        "# TYPE _9_bad_name counter", "_9_bad_name 1", "# HELP x a \\\\ and\\na line", "# TYPE x counter",
        "x{_1=\"é\",a_b=\"1\",b=\"q\\\"\\\\\\n\"} 1",
      ])
  }

  @Test func `numbers that are none are shown as Prometheus writes them`() {
    let metrics = PrometheusMetrics()
    for (label, value) in [("a", Double.nan), ("b", .infinity), ("c", -.infinity), ("d", 1e300), ("e", 0.1)] {
      Gauge(label: label, factory: metrics).record(value)
    }
    #expect(
      lines(metrics).filter { !$0.hasPrefix("#") } == ["a NaN", "b +Inf", "c -Inf", "d 1e+300", "e 0.1"])
  }

  @Test func `a metric keeps its first kind`() {
    let metrics = PrometheusMetrics([MetricDefinition("a", .gauge, "A gauge")])
    Counter(label: "a", factory: metrics).increment()
    #expect(metrics.text() == "")
    Gauge(label: "a", factory: metrics).record(1)
    Timer(label: "a", factory: metrics).recordNanoseconds(1)
    #expect(lines(metrics).last == "a 1")
  }

  @Test func `a label with too many values does not take all memory`() {
    let metrics = PrometheusMetrics()
    for key in 0..<(PrometheusMetrics.seriesMax + 100) {
      Counter(label: "a", dimensions: [("key", "\(key)")], factory: metrics).increment()
    }
    #expect(lines(metrics).count == PrometheusMetrics.seriesMax + 1)
  }

  @Test func `values from many threads at once are all counted`() async {
    let metrics = PrometheusMetrics()
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<10_000 {
            Counter(label: "c", factory: metrics).increment()
            Recorder(label: "r", factory: metrics).record(1)
          }
        }
      }
    }
    #expect(lines(metrics).contains("c 80000"))
    #expect(lines(metrics).contains("r_count 80000"))
  }
}
