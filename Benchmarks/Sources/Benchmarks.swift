import Benchmark
import BenchmarkDeciders
import LifecycleRules
import PartitionEngine
import Sequitur

/// The micro benchmarks: `make microbench`.
///
/// Times are a report. Gates are the counts that are the same on every machine (``Gates``): what a benchmark makes and
/// what it asks of the store. A run in which one differs fails.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput] + Gates.metrics, scalingFactor: .one, maxDuration: .seconds(1),
    maxIterations: 200)
  engineBenchmarks()
  decideBenchmarks()
  storeBenchmarks()

  Benchmark("command-id-hash") { benchmark in
    let id = Array("00000001-0000-4000-8000-000000000042".utf8)
    benchmark.startMeasurement()
    for _ in 0..<CommandFixture.count { blackHole(id.withUnsafeBytes { CommandIDHash($0) }) }
  }

  Benchmark("rfc3339") { benchmark in
    var writer = ByteWriter(capacity: 64)
    benchmark.startMeasurement()
    for index in 0..<CommandFixture.count {
      writer.truncate(to: 0)
      writer.append(rfc3339: 1_700_000_000_000 + Int64(index))
    }
    benchmark.stopMeasurement()
    Gates(bytes: 24).check(Gates(bytes: writer.count), benchmark)
  }
}
