import CoreMetrics
import Synchronization

/// A metrics system for swift-metrics that Prometheus reads (``text()``).
///
///     let metrics = PrometheusMetrics(WorkerMetric.allCases.map(\.definition))
///     MetricsSystem.bootstrap(metrics)
///
/// The same label and dimensions give the same series, so that a metric may be made again; making it once is cheaper. A metric
/// that is not defined is shown by what it is: a timer in seconds as a histogram, with bounds for times. One that is used as two
/// kinds keeps the first. Any thread.
public final class PrometheusMetrics: MetricsFactory {
  /// Series of one metric; more are not recorded, so that a label with too many values does not take all memory.
  public static let seriesMax = 20_000

  private struct Family {
    let definition: MetricDefinition
    var series: [String: any MetricSeries] = [:]
  }

  private let families: Mutex<[String: Family]>

  /// - Parameter definitions: of the metrics that are known; they are shown from their first value on.
  public init(_ definitions: [MetricDefinition] = []) {
    families = Mutex(
      Dictionary(
        definitions.map { ($0.name, Family(definition: $0)) }, uniquingKeysWith: { first, _ in first }))
  }

  /// The content type of ``text()``.
  public static var contentType: String { ExpositionText.contentType }

  /// All values of this moment, in Prometheus's text format: by name, and by labels.
  public func text() -> String {
    let families = families.withLock { $0.values.filter { !$0.series.isEmpty } }
    var text = ""
    for family in families.sorted(by: { $0.definition.name < $1.definition.name }) {
      text += ExpositionText.heading(family.definition)
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
        series.write(family.definition.name, labels, into: &text)
      }
    }
    return text
  }

  // MARK: MetricsFactory

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, dimensions, .counter) { _ in CounterSeries() } ?? LostSeries()
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, dimensions, .gauge) { _ in GaugeSeries() } ?? LostSeries()
  }

  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    guard aggregate else { return series(label, dimensions, .gauge) { _ in GaugeSeries() } ?? LostSeries() }
    return histogram(label, dimensions, .counts) ?? LostSeries()
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    histogram(label, dimensions, .times) ?? LostSeries()
  }

  /// A counter goes on where it was when it is made again: Prometheus takes a smaller value for a restart.
  public func destroyCounter(_ handler: any CounterHandler) {}

  public func destroyMeter(_ handler: any MeterHandler) { remove(handler as AnyObject) }

  public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler as AnyObject) }

  public func destroyTimer(_ handler: any TimerHandler) {}

  private func histogram(
    _ label: String, _ dimensions: [(String, String)], _ kind: MetricKind
  ) -> HistogramSeries? {
    series(label, dimensions, kind) { kind in
      guard case .histogram(let bounds) = kind else { return nil }
      return HistogramSeries(bounds: bounds)
    }
  }

  /// The series that is there already, or a new one; nil when it is of another kind, or one too many.
  private func series<Series: MetricSeries>(
    _ label: String, _ dimensions: [(String, String)], _ kind: MetricKind, make: (MetricKind) -> Series?
  ) -> Series? {
    let name = ExpositionText.name(label)
    let labels = ExpositionText.labels(dimensions)
    return families.withLock { families in
      let family = families[name] ?? Family(definition: MetricDefinition(name, kind, ""))
      if let known = family.series[labels] { return known as? Series }
      guard family.definition.kind.name == kind.name, family.series.count < Self.seriesMax,
        let new = make(family.definition.kind)
      else { return nil }
      families[name, default: family].series[labels] = new
      return new
    }
  }

  private func remove(_ handler: AnyObject) {
    families.withLock { families in
      for (name, family) in families {
        guard let labels = family.series.first(where: { $0.value === handler })?.key else { continue }
        families[name]!.series[labels] = nil
        return
      }
    }
  }
}
