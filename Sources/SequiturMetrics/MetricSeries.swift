import CoreMetrics
import Synchronization

/// One metric with one set of labels: what swift-metrics records into, and what is read when somebody looks. Any thread.
protocol MetricSeries: AnyObject, Sendable {
  /// Adds its lines.
  ///
  /// - Parameters:
  ///   - name: the metric's name.
  ///   - labels: like `code="malformed"`, escaped; empty for none.
  func write(_ name: String, _ labels: String, into text: inout String)
}

final class CounterSeries: MetricSeries, CounterHandler {
  private let value = Atomic<Int64>(0)

  func increment(by amount: Int64) { value.wrappingAdd(max(amount, 0), ordering: .relaxed) }

  func reset() { value.store(0, ordering: .relaxed) }

  func write(_ name: String, _ labels: String, into text: inout String) {
    text += ExpositionText.line(name, labels, "\(value.load(ordering: .relaxed))")
  }
}

final class GaugeSeries: MetricSeries, RecorderHandler, MeterHandler {
  private let value = Mutex(0.0)

  func record(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }
  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { self.value.withLock { $0 = value } }
  func increment(by amount: Double) { value.withLock { $0 += amount } }
  func decrement(by amount: Double) { value.withLock { $0 -= amount } }

  func write(_ name: String, _ labels: String, into text: inout String) {
    text += ExpositionText.line(name, labels, ExpositionText.number(value.withLock { $0 }))
  }
}

/// Counts values by fixed bounds. As a timer it takes nanoseconds and tells seconds.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
  private struct State {
    /// By bucket, each without those below it; the last one has no bound.
    var counts: [Int64]
    var sum = 0.0
  }

  private let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    guard !value.isNaN else { return }
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock { state in
      state.counts[bucket] += 1
      state.sum += value
    }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  func write(_ name: String, _ labels: String, into text: inout String) {
    let state = state.withLock { $0 }
    let comma = labels.isEmpty ? "" : ","
    var count: Int64 = 0
    for (bucket, own) in state.counts.enumerated() {
      count += own
      let bound = bucket < bounds.count ? ExpositionText.number(bounds[bucket]) : "+Inf"
      text += ExpositionText.line("\(name)_bucket", "\(labels)\(comma)le=\"\(bound)\"", "\(count)")
    }
    text += ExpositionText.line("\(name)_sum", labels, ExpositionText.number(state.sum))
    text += ExpositionText.line("\(name)_count", labels, "\(count)")
  }
}

/// What is recorded and never read: of metrics that are used in two ways, and beyond the bound of series.
final class LostSeries: CounterHandler, RecorderHandler, MeterHandler, TimerHandler {
  func increment(by amount: Int64) {}
  func reset() {}
  func record(_ value: Int64) {}
  func record(_ value: Double) {}
  func set(_ value: Int64) {}
  func set(_ value: Double) {}
  func increment(by amount: Double) {}
  func decrement(by amount: Double) {}
  func recordNanoseconds(_ duration: Int64) {}
}
