import Benchmark
import BenchmarkDeciders
import LifecycleRules
import Sequitur

/// Deciders alone: decode, decide, evolve, encode the state. No look-up, no envelope.
func decideBenchmarks() {
  Benchmark("decide-account") { benchmark in
    let commands = CommandFixture(.account)
    benchmark.startMeasurement()
    let bytes = decideAll(commands, AccountDecider())
    benchmark.stopMeasurement()
    Gates(bytes: 64 * CommandFixture.count).check(Gates(bytes: bytes), benchmark)
  }

  Benchmark("decide-json") { benchmark in
    let commands = CommandFixture(.json)
    let decider = LifecycleDecider(try CommandFixture.rules())
    benchmark.startMeasurement()
    let bytes = decideAll(commands, decider)
    benchmark.stopMeasurement()
    Gates(bytes: 54 * CommandFixture.count).check(Gates(bytes: bytes), benchmark)
  }

  Benchmark("decide-arithmetic") { benchmark in
    let commands = CommandFixture(.json)
    let decider = LifecycleDecider(try CommandFixture.arithmetic())
    benchmark.startMeasurement()
    let bytes = decideAll(commands, decider)
    benchmark.stopMeasurement()
    Gates(bytes: 584_449).check(Gates(bytes: bytes), benchmark)
  }
}

/// All commands on one object, one after the other; the bytes of all states that it had.
private func decideAll<D: Decider>(_ commands: CommandFixture, _ decider: D) -> Int {
  var state: D.State?
  var writer = ByteWriter()
  var bytes = 0
  for index in 0..<CommandFixture.count {
    commands.withRecord(index) { record in
      let context = DecisionContext(
        key: record.key, position: record.position, timestamp: record.timestamp, version: UInt64(index))
      guard case .command(let command) = decider.decode(record),
        case .accept(let event)? = try? decider.decide(command, on: state, in: context),
        let next = decider.evolve(state, by: event)
      else { fatalError("a command of the benchmark was not accepted") }
      state = next
      writer.truncate(to: 0)
      try? decider.encodeState(next, into: &writer)
      bytes += writer.count
    }
  }
  return bytes
}
