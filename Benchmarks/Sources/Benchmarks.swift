import Benchmark
import BenchmarkDeciders
import LifecycleRules
import PartitionEngine
import Sequitur

/// The micro benchmarks: `swift package --disable-sandbox benchmark`.
///
/// Times are a report; gates are the counts that are the same on every machine: bytes and records made, and reads
/// that reach the store. A benchmark beyond its gates fails.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput, .outputBytes, .outputRecords, .storeReads],
    scalingFactor: .one, maxDuration: .seconds(1), maxIterations: 1000)

  for envelope in Envelope.allCases {
    Benchmark("engine-\(envelope.rawValue)") { benchmark in
      var engine = EngineFixture(AccountDecider(), envelope: envelope, format: .account)
      benchmark.startMeasurement()
      engine.run(benchmark, outputBytesMax: 1_470_000)
    }
  }

  Benchmark("engine-json") { benchmark in
    let rules = try RulesFile.parse(EngineFixture<LifecycleDecider>.rules, path: "deposits.yaml")
    var engine = EngineFixture(LifecycleDecider(rules), envelope: .cloudevents, format: .json)
    benchmark.startMeasurement()
    engine.run(benchmark, outputBytesMax: 1_455_000)
  }

  Benchmark("engine-ids") { benchmark in
    var engine = EngineFixture(AccountDecider(), envelope: .cloudevents, format: .account, hasIDs: true)
    benchmark.startMeasurement()
    engine.run(benchmark, outputBytesMax: 1_930_000)
  }

  Benchmark("command-id-hash") { benchmark in
    let id = Array("00000001-0000-4000-8000-000000000042".utf8)
    benchmark.startMeasurement()
    for _ in 0..<EngineFixture<AccountDecider>.commands {
      blackHole(id.withUnsafeBytes { CommandIDHash($0) })
    }
  }

  Benchmark("rfc3339") { benchmark in
    var writer = ByteWriter(capacity: 64)
    benchmark.startMeasurement()
    for index in 0..<EngineFixture<AccountDecider>.commands {
      writer.truncate(to: 0)
      writer.append(rfc3339: 1_700_000_000_000 + Int64(index))
    }
    blackHole(writer.count)
  }
}

extension BenchmarkMetric {
  /// Bytes encoded for a transaction; texts that events share count once.
  static let outputBytes = BenchmarkMetric.custom(
    "output-bytes", polarity: .prefersSmaller, useScalingFactor: false)
  static let outputRecords = BenchmarkMetric.custom(
    "output-records", polarity: .prefersSmaller, useScalingFactor: false)
  /// Look-ups that no layer of memory could answer.
  static let storeReads = BenchmarkMetric.custom(
    "store-reads", polarity: .prefersSmaller, useScalingFactor: false)
}
