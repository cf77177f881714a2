import Benchmark

/// Counts of one run that depend on nothing but the code. Only those that are not nil are compared.
struct Gates {
  var records: Int?
  var headers: Int?
  /// Bytes encoded; texts that records share count once.
  var bytes: Int?
  /// Look-ups that no layer of memory could answer.
  var storeReads: Int?
  /// Objects in write batches, and the batches.
  var storeWrites: Int?
  var storeBatches: Int?

  private static let names: [(name: String, count: @Sendable (Gates) -> Int?)] = [
    ("output-records", { $0.records }), ("output-headers", { $0.headers }), ("bytes", { $0.bytes }),
    ("store-reads", { $0.storeReads }), ("store-writes", { $0.storeWrites }),
    ("store-batches", { $0.storeBatches }),
  ]

  static let metrics = names.map(\.name).map(metric)

  private static func metric(_ name: String) -> BenchmarkMetric {
    .custom(name, polarity: .prefersSmaller, useScalingFactor: false)
  }

  /// Reports what was counted, and ends the run when it is not as expected: an error thrown by a benchmark would only
  /// be printed.
  func check(_ counted: Gates, _ benchmark: Benchmark) {
    for (name, count) in Self.names {
      guard let expected = count(self), let found = count(counted) else { continue }
      guard expected == found else {
        fatalError("Expected \(name) of \(benchmark.name) to be \(expected), but counted \(found)")
      }
      benchmark.measurement(Self.metric(name), found)
    }
  }
}
