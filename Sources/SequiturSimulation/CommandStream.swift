import SequiturTesting

/// The commands of one simulated world: a few keys, retries with the same id, expected versions.
struct CommandStream {
  private var sent: [LogRecord] = []
  private let keys: Int
  private let partitions: Int

  init(keys: Int, partitions: Int) {
    self.keys = keys
    self.partitions = partitions
  }

  mutating func next(_ random: inout SimulationRandom, time: Int) -> (partition: Int, record: LogRecord) {
    if !sent.isEmpty, random.chance(perMille: 150) {
      var again = random.pick(Array(sent.suffix(12)))
      again.timestamp = Int64(time)
      return (partition(of: again), again)
    }
    let number = random.below(keys)
    var headers: [LogRecord.Header] = []
    if random.chance(perMille: 700) {
      headers.append(LogRecord.Header(name: "ce_id", value: Array("c\(sent.count)".utf8)))
    }
    if random.chance(perMille: 250) {
      let expected = random.pick(["any", "none", "exists", "1", "2", "3", "4"])
      headers.append(LogRecord.Header(name: "expected-version", value: Array(expected.utf8)))
    }
    let record = LogRecord(
      key: Array("k\(number)".utf8), value: Array(payload(&random).utf8), headers: headers,
      timestamp: Int64(time))
    sent.append(record)
    return (partition(of: record), record)
  }

  private func payload(_ random: inout SimulationRandom) -> String {
    switch random.below(20) {
    case 0..<9: "add \(random.within(1...9))"
    case 9..<12: "twice \(random.within(1...9))"
    case 12..<17: "take \(random.within(1...20))"
    case 17: "forget"
    case 18: "add"
    default: "what"
    }
  }

  private func partition(of record: LogRecord) -> Int {
    Int(record.key!.last! - UInt8(ascii: "0")) % partitions
  }
}
