import SeededRandom
import Testing

@testable import PartitionEngine

/// A worker's transactions against topics that refuse some outcomes, without any I/O.
@Suite struct RefusalSearchTests {
  /// One partition's commands, and where it stands.
  private struct Log {
    /// The offsets of its commands: those between are control records.
    let offsets: [Int64]
    let refused: Set<Int64>
    var position: Int64 = 0
  }

  private struct World {
    var logs: [Int32: Log]
    var search: RefusalSearch
    let commandsMax: Int
    /// Not even a rejection is taken.
    var refusesAll = false
    var isOwnForSure = true
    var namesPartition = true
    var rejected: [Int32: [Int64]] = [:]
    var refusals = 0
    var transactions = 0
    /// Refusals of everything.
    var standstills = 0

    init(_ logs: [Int32: Log], commandsMax: Int = 1000, convictsMax: Int = 10) {
      self.logs = logs
      self.commandsMax = commandsMax
      search = RefusalSearch(commandsMax: commandsMax, convictsMax: convictsMax)
    }

    var isDone: Bool { logs.values.allSatisfy { $0.position > ($0.offsets.last ?? -1) } }

    /// One transaction: from each partition in turn, as many as fit.
    mutating func step() {
      transactions += 1
      let partitions = logs.keys.sorted()
      let most = min(commandsMax, search.commandsMax(of: partitions) ?? .max)
      var parts: [TransactionPart] = []
      var commands = 0
      var culprit: Int32?
      var isAccepted = false
      var convicts: [(Int32, Int64)] = []
      for partition in partitions {
        guard let log = logs[partition] else { continue }
        let open = log.offsets.filter { $0 >= log.position }.prefix(most - commands)
        guard let last = open.last else { continue }
        commands += open.count
        parts.append(TransactionPart(partition: partition, start: log.position, end: last + 1))
        let convict = search.convict(of: partition, from: log.position)
        for offset in open {
          if offset == convict {
            convicts.append((partition, offset))
            if refusesAll { culprit = culprit ?? partition }
          } else if log.refused.contains(offset) || refusesAll {
            culprit = culprit ?? partition
          } else {
            isAccepted = true
          }
        }
      }
      if let culprit {
        refusals += 1
        let finding = search.refused(
          parts, commands: commands, partition: namesPartition ? culprit : nil, isOwnForSure: isOwnForSure)
        if finding == .everything { standstills += 1 }
      } else {
        search.committed(parts, isAccepted: isAccepted)
        for (partition, offset) in convicts { rejected[partition, default: []].append(offset) }
        for part in parts { logs[part.partition]?.position = part.end }
      }
    }

    mutating func run(steps: Int) {
      for _ in 0..<steps where !isDone { step() }
    }

    /// Some transactions more, of commands that came later: whether the search is over then.
    func settles() -> Bool {
      var search = search
      for round in 0..<12 {
        let parts = logs.map { partition, log in
          TransactionPart(
            partition: partition, start: log.position + Int64(round), end: log.position + Int64(round) + 1)
        }
        search.committed(parts, isAccepted: true)
      }
      return !search.isActive
    }
  }

  private func log(_ count: Int, every stride: Int64 = 1, refused: Set<Int64>) -> Log {
    Log(offsets: (0..<Int64(count)).map { $0 * stride + stride - 1 }, refused: refused)
  }

  @Test(arguments: [0, 1, 2, 499, 500, 998, 999] as [Int64], [true, false])
  func `the one command whose outcome is refused is found by halving`(offset: Int64, namesPartition: Bool) {
    var world = World([0: log(1000, refused: [offset])])
    world.namesPartition = namesPartition
    world.run(steps: 100)
    #expect(world.isDone && world.rejected == [0: [offset]])
    // Ten halvings of 1,000, and some where it overshoots.
    #expect(world.refusals <= 12 && world.transactions <= 45, "\(world.refusals), \(world.transactions)")
    #expect(world.standstills == 0 && world.settles())
  }

  @Test(arguments: [1, 2, 3, 7] as [Int64])
  func `gaps between the commands' offsets do not keep the search from ending`(stride: Int64) {
    let refused = Set([5, 6, 300].map { $0 * stride + stride - 1 })
    var world = World([0: log(700, every: stride, refused: refused)])
    world.run(steps: 300)
    #expect(world.isDone && Set(world.rejected[0] ?? []) == refused, "\(world.rejected)")
  }

  @Test func `a row of refused commands costs two tries for each and not a whole search`() {
    var world = World([0: log(5000, refused: Set(100..<300))], commandsMax: 5000)
    world.run(steps: 2000)
    #expect(world.isDone && world.rejected[0] == Array(100..<300))
    #expect(world.refusals <= 2 * 200 + 20, "\(world.refusals)")
    #expect(world.settles())
  }

  @Test(arguments: 0..<40)
  func `any set of refused commands in any partitions is found, and no other command`(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    var logs: [Int32: Log] = [:]
    for partition in 0..<Int32.random(in: 1...4, using: &generator) {
      let count = Int.random(in: 0...200, using: &generator)
      let stride = Int64.random(in: 1...3, using: &generator)
      let offsets = (0..<Int64(count)).map { $0 * stride }
      let refused = Set(offsets.filter { _ in Int.random(in: 0..<20, using: &generator) == 0 })
      logs[partition] = Log(offsets: offsets, refused: refused)
    }
    var world = World(logs, commandsMax: Int.random(in: 1...300, using: &generator))
    world.namesPartition = Bool.random(using: &generator)
    world.run(steps: 20_000)
    #expect(world.isDone)
    for (partition, log) in logs {
      #expect(Set(world.rejected[partition] ?? []) == log.refused && world.standstills == 0, "seed \(seed)")
    }
    #expect(world.settles())
  }

  @Test func `a topic that refuses everything costs no command its outcome, and all go on afterwards`() {
    var world = World([0: log(300, refused: [])])
    world.refusesAll = true
    world.run(steps: 60)
    #expect(world.logs[0]?.position == 0 && world.rejected.isEmpty)
    #expect(world.standstills > 30)
    world.refusesAll = false
    world.run(steps: 40)
    #expect(world.isDone && world.rejected.isEmpty && world.settles())
  }

  @Test func `where the fault is not known for sure, no more than a few in a row are rejected`() {
    var world = World([0: log(100, refused: Set(0..<100))], convictsMax: 10)
    world.isOwnForSure = false
    world.run(steps: 300)
    #expect(world.rejected[0]?.count == 10 && world.standstills > 200)
    // Single ones among others are.
    var other = World([0: log(400, refused: Set(stride(from: 0, to: 400, by: 9)))], convictsMax: 10)
    other.isOwnForSure = false
    other.run(steps: 3000)
    #expect(other.isDone && other.rejected[0]?.count == 45 && other.standstills == 0)
  }

  @Test func `a command that another worker has answered meanwhile is not rejected`() {
    var search = RefusalSearch(commandsMax: 100)
    let part = TransactionPart(partition: 3, start: 7, end: 8)
    #expect(
      search.refused([part], commands: 1, partition: 3, isOwnForSure: true)
        == .convict(partition: 3, offset: 7))
    #expect(search.convict(of: 3, from: 7) == 7)
    #expect(search.convict(of: 3, from: 8) == nil && search.convict(of: 2, from: 0) == nil)
    for round in 1...8 {
      search.committed([TransactionPart(partition: 3, start: 7, end: 8 + Int64(round))], isAccepted: true)
    }
    #expect(!search.isActive)
  }
}
