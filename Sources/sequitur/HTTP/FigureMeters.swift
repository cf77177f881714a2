import SequiturMetrics
import Synchronization

/// Sets metrics from figures that somebody else counts. Any thread.
final class FigureMeters: Sendable {
  private struct Series: Hashable {
    let name: String
    let label: String
  }

  private let system: PrometheusMetrics
  /// What the counters stand at.
  private let told = Mutex<[Series: Int]>([:])
  /// By metric, the labels that have a series.
  private let labels = Mutex<[String: Set<String>]>([:])

  init(_ definitions: [MetricDefinition]) { system = PrometheusMetrics(definitions) }

  /// What `/metrics` answers.
  var exposition: (contentType: String, text: String) { (PrometheusMetrics.contentType, system.text()) }

  func set(_ name: String, _ value: Double, _ labels: (String, String)...) {
    system.makeMeter(label: name, dimensions: labels).set(value)
  }

  /// Sets a series for each label. One that was set before and has no value any more is 0.
  func set(_ name: String, by label: String, _ values: [String: Double]) {
    let known = labels.withLock { labels in
      labels[name, default: []].formUnion(values.keys)
      return labels[name] ?? []
    }
    for one in known { set(name, values[one] ?? 0, (label, one)) }
  }

  /// - Parameter total: since the start; it never falls.
  func count(_ name: String, _ total: Int, _ labels: (String, String)...) {
    let series = Series(name: name, label: labels.first?.1 ?? "")
    let growth = told.withLock { told in
      defer { told[series] = total }
      return total - (told[series] ?? 0)
    }
    system.makeCounter(label: name, dimensions: labels).increment(by: Int64(max(0, growth)))
  }
}
