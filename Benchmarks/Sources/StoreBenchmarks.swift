import Benchmark
import BenchmarkDeciders
import PartitionEngine
import RocksDB
import Sequitur

/// The store as the worker uses it: one read for an object that is not in memory, one batch for each drain and for each
/// run of restored records.
func storeBenchmarks() {
  let objects = CommandFixture.objectsTouched

  Benchmark("store-drain") { benchmark in
    let store = try StoreFixture()
    var engine = EngineFixture(AccountDecider(), envelope: .cloudevents, store: store)
    engine.process()
    engine.commit()
    benchmark.startMeasurement()
    try store.drain(&engine.processor)
    benchmark.stopMeasurement()
    Gates(bytes: objects * (16 + 75), storeWrites: objects, storeBatches: 1)
      .check(store.counts, benchmark)
  }

  Benchmark("store-read") { benchmark in
    let store = try StoreFixture()
    var first = EngineFixture(AccountDecider(), envelope: .cloudevents, store: store)
    first.process()
    first.commit()
    try store.drain(&first.processor)
    store.counts = StoreFixture.nothing
    // A second processor has nothing in memory yet.
    var second = EngineFixture(AccountDecider(), envelope: .cloudevents, store: store)
    second.measure(benchmark)
    Gates(bytes: 0, storeReads: objects, storeWrites: 0, storeBatches: 0).check(store.counts, benchmark)
  }

  Benchmark("restore") { benchmark in
    var engine = EngineFixture(AccountDecider(), envelope: .cloudevents)
    engine.process()
    engine.seal()
    let store = try StoreFixture()
    benchmark.startMeasurement()
    let checkpoint = try store.restore(engine.output)
    benchmark.stopMeasurement()
    precondition(checkpoint?.position == Int64(CommandFixture.count))
    Gates(bytes: objects * (16 + 75), storeReads: 0, storeWrites: objects, storeBatches: 1)
      .check(store.counts, benchmark)
  }
}
