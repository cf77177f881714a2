import KafkaClient
import Metrics
import SequiturMetrics
import Synchronization

/// A worker's metrics: each is made once, with its first value. Any thread.
///
/// Called for transactions, drains and looks of the watch, never for a command: a call takes a lock and finds the metric by its
/// name.
final class WorkerMeters: Sendable {
  private struct Key: Hashable {
    let metric: WorkerMetric
    let label: String
  }

  private struct State {
    var counters: [Key: Counter] = [:]
    var gauges: [Key: Gauge] = [:]
    var recorders: [WorkerMetric: Recorder] = [:]
    var timers: [WorkerMetric: Timer] = [:]
    /// What was told of counters whose totals come from elsewhere.
    var totals: [Key: Int64] = [:]
  }

  private let factory: any MetricsFactory
  private let state = Mutex(State())

  /// Makes the counters that have no label: they count from 0, not from their first value.
  init(_ factory: any MetricsFactory) {
    self.factory = factory
    for metric in WorkerMetric.allCases {
      let definition = metric.definition
      guard definition.kind == .counter, definition.labels.isEmpty else { continue }
      _ = counter(Key(metric: metric, label: ""))
    }
  }

  /// Counts.
  ///
  /// - Parameter label: the value of the metric's only label, when it has one.
  func add(_ metric: WorkerMetric, _ amount: Int64 = 1, _ label: String = "") {
    counter(Key(metric: metric, label: label)).increment(by: amount)
  }

  /// Counts up to a total that something else keeps.
  func reach(_ metric: WorkerMetric, _ total: Int64, _ label: String = "") {
    let key = Key(metric: metric, label: label)
    let before = state.withLock { state in
      defer { state.totals[key] = total }
      return state.totals[key] ?? 0
    }
    // It begins anew when its owner does.
    counter(key).increment(by: total >= before ? total - before : total)
  }

  func set(_ metric: WorkerMetric, _ value: Double, _ label: String = "") {
    gauge(Key(metric: metric, label: label)).record(value)
  }

  func set(_ metric: WorkerMetric, _ value: Double, of partition: Int32) {
    set(metric, value, "\(partition)")
  }

  /// Forgets a partition's value, once it is another worker's.
  func remove(_ metric: WorkerMetric, of partition: Int32) {
    let key = Key(metric: metric, label: "\(partition)")
    state.withLock { $0.gauges.removeValue(forKey: key) }?.destroy()
  }

  func record(_ metric: WorkerMetric, _ value: Int64) {
    let recorder = state.withLock { state in
      if let known = state.recorders[metric] { return known }
      let new = Recorder(label: metric.rawValue, factory: factory)
      state.recorders[metric] = new
      return new
    }
    recorder.record(value)
  }

  func record(_ metric: WorkerMetric, _ duration: Duration) {
    let timer = state.withLock { state in
      if let known = state.timers[metric] { return known }
      let new = Timer(label: metric.rawValue, factory: factory)
      state.timers[metric] = new
      return new
    }
    timer.recordNanoseconds(duration.nanoseconds)
  }

  private func counter(_ key: Key) -> Counter {
    state.withLock { state in
      if let known = state.counters[key] { return known }
      let new = Counter(label: key.metric.rawValue, dimensions: dimensions(key), factory: factory)
      state.counters[key] = new
      return new
    }
  }

  private func gauge(_ key: Key) -> Gauge {
    state.withLock { state in
      if let known = state.gauges[key] { return known }
      let new = Gauge(label: key.metric.rawValue, dimensions: dimensions(key), factory: factory)
      state.gauges[key] = new
      return new
    }
  }

  private func dimensions(_ key: Key) -> [(String, String)] {
    key.metric.definition.labels.first.map { [($0, key.label)] } ?? []
  }
}

extension WorkerMeters {
  /// Whether the worker is ready, and what keeps it.
  func show(_ health: WorkerHealth) {
    set(.ready, health.isReady ? 1 : 0)
    for reason in TroubleReason.allCases {
      set(.trouble, Double(health.troubles.count { $0.reason == reason }), reason.rawValue)
    }
  }
}
