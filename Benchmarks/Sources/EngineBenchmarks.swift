import Benchmark
import BenchmarkDeciders
import LifecycleRules
import PartitionEngine
import Sequitur

/// Whole transactions through the engine: look up, decide, evolve, encode, seal, commit.
func engineBenchmarks() {
  let events = CommandFixture.count
  let objects = CommandFixture.objectsTouched

  Benchmark("engine-cloudevents") { benchmark in
    var engine = EngineFixture(AccountDecider(), envelope: .cloudevents)
    engine.measure(benchmark)
    let gates = Gates(
      records: events + objects + 1, headers: 8 * events + objects + 2, bytes: 1_466_082, storeReads: objects)
    gates.check(engine.counts, benchmark)
  }

  Benchmark("engine-compact") { benchmark in
    var engine = EngineFixture(AccountDecider(), envelope: .compact)
    engine.measure(benchmark)
    let gates = Gates(
      records: events + objects + 1, headers: 3 * events + objects + 2, bytes: 1_466_082, storeReads: objects)
    gates.check(engine.counts, benchmark)
  }

  Benchmark("engine-json") { benchmark in
    var engine = EngineFixture(LifecycleDecider(try CommandFixture.rules()), .json, envelope: .cloudevents)
    engine.measure(benchmark)
    let gates = Gates(
      records: events + objects + 1, headers: 8 * events + objects + 2, bytes: 1_451_502, storeReads: objects)
    gates.check(engine.counts, benchmark)
  }

  Benchmark("engine-ids") { benchmark in
    var engine = EngineFixture(AccountDecider(), envelope: .cloudevents, hasIDs: true)
    engine.measure(benchmark)
    let gates = Gates(
      records: events + objects + 1, headers: 8 * events + 2 * objects + 2, bytes: 1_925_706,
      storeReads: objects)
    gates.check(engine.counts, benchmark)
  }

  // The same commands once more, in the window of each object: none changes anything, all are duplicates.
  Benchmark("dedup") { benchmark in
    var engine = EngineFixture(AccountDecider(), envelope: .cloudevents, hasIDs: true, isDistinct: true)
    engine.process()
    engine.commit()
    engine.measure(benchmark)
    Gates(records: events + 1, headers: 8 * events + 2, storeReads: 0).check(engine.counts, benchmark)
  }

  // The objects of the transaction before, which is still with the broker: the sealed overlay answers.
  Benchmark("overlay") { benchmark in
    var engine = EngineFixture(AccountDecider(), envelope: .cloudevents)
    engine.process()
    engine.seal()
    engine.forget()
    benchmark.startMeasurement()
    engine.process()
    benchmark.stopMeasurement()
    Gates(records: events, headers: 8 * events, storeReads: 0).check(engine.counts, benchmark)
  }
}
