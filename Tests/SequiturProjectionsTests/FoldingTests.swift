import Glibc
import SeededRandom
import Testing

@testable import SequiturProjections

/// Rows in memory, changed as SQL changes them: what folding is compared with.
struct ModelTable: Equatable {
  var rows: [[Cell]: [Int: Cell]] = [:]
  var isBroken = false

  mutating func apply(_ change: RowChange) {
    let sets = Dictionary(uniqueKeysWithValues: zip(change.shape.sets, change.sets))
    let isThere = rows[change.key] != nil
    switch change.shape.kind {
    case .delete:
      rows[change.key] = nil
      return
    case .insert where isThere: isBroken = true
    case .update where !isThere: return
    case .insert, .update, .upsert: break
    }
    var row = rows[change.key] ?? [:]
    row.merge(sets) { $1 }
    for (column, amount) in zip(change.shape.increments, change.increments) {
      row[column] = Self.sum(row[column] ?? .null, amount)
    }
    rows[change.key] = row
  }

  private static func sum(_ left: Cell, _ right: Cell) -> Cell {
    func number(_ cell: Cell) -> Int64 { if case .integer(let number) = cell { number } else { 0 } }
    return .integer(number(left) + number(right))
  }
}

@Suite struct FoldingTests {
  private func upsert(_ key: String, _ sets: [Int: Int64] = [:], add: [Int: Int64] = [:]) -> RowChange {
    change(.upsert, key, sets, add)
  }

  private func change(
    _ kind: RowRule.Kind, _ key: String, _ sets: [Int: Int64] = [:], _ add: [Int: Int64] = [:]
  ) -> RowChange {
    RowChange(
      kind, key: [.text(key)], sets: sets.mapValues(Cell.integer), increments: add.mapValues(Cell.integer))
  }

  private func folded(_ changes: [RowChange]) -> [[RowChange]] {
    Folded.steps(changes.map { ($0, []) }).map { if case .rows(let rows) = $0 { rows } else { [] } }
  }

  @Test func `keys of other bytes are other rows, though they look the same`() {
    let keys = ["caf\u{e9}", "cafe\u{301}", "\u{212b}", "\u{c5}", "A\u{30a}"]
    #expect(folded(keys.map { upsert($0, [1: 1], add: [2: 1]) }).flatMap { $0 }.count == keys.count)
    #expect(Cell.text("\u{e9}") != Cell.text("e\u{301}"))
  }

  @Test func `a set goes over a set, and keeps the columns of both`() {
    #expect(
      folded([upsert("a", [1: 1, 2: 1]), upsert("a", [2: 2, 3: 2])]) == [[upsert("a", [1: 1, 2: 2, 3: 2])]])
    #expect(folded([upsert("a", [1: 1]), change(.update, "a", [2: 2])]) == [[upsert("a", [1: 1, 2: 2])]])
    #expect(
      folded([change(.update, "a", [1: 1]), change(.update, "a", [1: 2])]) == [[change(.update, "a", [1: 2])]]
    )
  }

  @Test func `nothing is moved across a deletion, an insertion, or an upsert behind an update`() {
    for (first, second) in [
      (change(.delete, "a"), upsert("a", [1: 1])), (upsert("a", [1: 1]), change(.delete, "a")),
      (change(.insert, "a", [1: 1]), change(.update, "a", [1: 2])),
      (change(.delete, "a"), change(.insert, "a")),
      (change(.update, "a", [1: 1]), upsert("a", [2: 2])), (change(.delete, "a"), change(.delete, "a")),
    ] {
      #expect(folded([first, second]) == [[first], [second]])
    }
  }

  @Test func `a set is not moved across an increment, and increments are added up`() {
    let increment = change(.update, "a", [:], [1: 2])
    for (first, second) in [
      (change(.update, "a", [1: 1]), increment), (increment, change(.update, "a", [1: 1])),
      (increment, change(.update, "a", [2: 1])), (upsert("a", [2: 2]), increment),
      (increment, change(.update, "a", [:], [2: 1])),
      (change(.update, "a", [:], [1: .max]), increment),
    ] {
      #expect(folded([first, second]) == [[first], [second]])
    }
    #expect(folded([increment, increment, increment]) == [[change(.update, "a", [:], [1: 6])]])
    #expect(
      folded([upsert("a", [2: 1], add: [1: 1]), change(.update, "a", [2: 5], [1: 1])])
        == [[upsert("a", [2: 5], add: [1: 2])]])
  }

  @Test func `numbers that are not whole are not added up`() {
    let half = RowChange(.update, key: [.text("a")], increments: [1: .number("0.1")])
    #expect(folded([half, half]) == [[half], [half]])
  }

  @Test func `rows of one shape go together, in the order of their keys`() {
    #expect(
      folded([upsert("c", [1: 1]), change(.delete, "b"), upsert("a", [1: 2]), upsert("b", [1: 3])])
        == [[upsert("a", [1: 2]), upsert("c", [1: 1])], [change(.delete, "b")], [upsert("b", [1: 3])]])
  }

  @Test func `keys of any kind come in one order, and each once`() {
    var random = SplitMix64(seed: 25)
    func texts(_ make: (Int) -> Cell) -> [Cell] {
      (0..<300).map { _ in make(Int.random(in: 0..<200, using: &random)) }
    }
    let kinds: [[Cell]] = [
      texts { .text("order-\($0)") }, texts { .text(String(repeating: "x", count: $0)) },
      texts {
        .text(
          ["", "a", "a\0", "a\u{1}", "b", "\u{e9}", "e\u{301}"][$0 % 7]
            + String(repeating: "q", count: $0 / 40))
      },
      texts { .integer(Int64($0 - 100) << 40) }, texts { .bytes([UInt8($0), 255, 0]) },
      texts { .integer([.min, .max, 0, -1, 1][$0 % 5]) },
    ]
    for keys in kinds {
      let changes = keys.map { RowChange(.upsert, key: [$0], sets: [1: .integer(1)]) }
      let found = folded(changes).flatMap { $0 }.map { $0.key[0] }
      #expect(found == Set(keys).sorted())
    }
    let pairs = kinds[0].map { [Cell.text("same"), $0] }
    let found = folded(pairs.map { RowChange(.delete, key: $0) })[0].map { $0.key[1] }
    #expect(found == Set(kinds[0]).sorted())
  }

  @Test func `nothing moves across a statement`() throws {
    let template = try SQLTemplate("select 1") { words throws(ValueSyntax.Fault) in
      try ValueSyntax.parse(words)
    }
    let statement = EventChange.Statement(template: template, parameters: [])
    let steps = Folded.steps([
      (upsert("a", [1: 1]), []), (upsert("a", [1: 2]), [statement, statement]), (upsert("a", [1: 3]), []),
    ])
    #expect(
      steps == [
        .rows([upsert("a", [1: 2])]), .statement(statement), .statement(statement),
        .rows([upsert("a", [1: 3])]),
      ])
  }

  @Test func `an empty batch has no steps`() {
    #expect(Folded.steps([]).isEmpty)
    #expect(Folded.steps([(nil, [])]).isEmpty)
  }

  // MARK: Against one by one

  static func randomChanges(_ random: inout SplitMix64, count: Int, keys: Int, inserts: Bool) -> [RowChange] {
    (0..<count).map { _ in
      let key: [Cell] = [.text("k\(Int.random(in: 0..<keys, using: &random))")]
      func columns(_ range: Range<Int>) -> [Int: Cell] {
        var cells: [Int: Cell] = [:]
        for column in range where Bool.random(using: &random) {
          cells[column] = .integer(Int64.random(in: -5...5, using: &random))
        }
        return cells
      }
      switch Int.random(in: 0..<8, using: &random) {
      case 0...2: return RowChange(.upsert, key: key, sets: columns(1..<4))
      case 3: return RowChange(.upsert, key: key, sets: columns(1..<3), increments: columns(3..<5))
      case 4:
        return RowChange(
          .update, key: key, sets: columns(1..<3).merging([1: .integer(9)]) { $1 }, increments: columns(3..<5)
        )
      case 5: return RowChange(.update, key: key, increments: columns(3..<5).merging([4: .integer(1)]) { $1 })
      case 6 where inserts: return RowChange(.insert, key: key, sets: columns(1..<5))
      default: return RowChange(.delete, key: key)
      }
    }
  }

  @Test func `what is left is what one by one leaves, for ten thousand random batches`() {
    var random = SplitMix64(seed: 24)
    var steps = 0
    var changes = 0
    // One for all: nothing of a batch is left in the next one.
    var rows = RowBuffer()
    var folder = BatchFolder()
    for round in 0..<10_000 {
      let batch = Self.randomChanges(
        &random, count: Int.random(in: 0..<30, using: &random), keys: Int.random(in: 1..<6, using: &random),
        inserts: true)
      var single = ModelTable()
      for change in batch { single.apply(change) }
      var together = ModelTable()
      for step in Folded.steps(batch.map { ($0, []) }, &rows, &folder) {
        guard case .rows(let group) = step else { continue }
        #expect(Set(group.map(\.key)).count == group.count)
        for row in group { together.apply(row) }
        steps += group.count
      }
      changes += batch.count
      // Where an insertion fails, single events decide.
      #expect(single == together, "seed 24, round \(round)")
    }
    // It does fold.
    #expect(steps < changes * 9 / 10)
  }
}

/// The order of keys by their values, to hold the order of packed ones against.
extension Cell: Comparable {
  public static func < (left: Cell, right: Cell) -> Bool {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): left < right
    case (.text(var left), .text(var right)), (.number(var left), .number(var right)):
      left.withUTF8 { left in
        right.withUTF8 { right in
          let count = min(left.count, right.count)
          let order = count == 0 ? 0 : memcmp(left.baseAddress!, right.baseAddress!, count)
          return order != 0 ? order < 0 : left.count < right.count
        }
      }
    case (.bytes(let left), .bytes(let right)): left.lexicographicallyPrecedes(right)
    default: left.rank < right.rank
    }
  }

  private var rank: Int {
    switch self {
    case .null: 0
    case .boolean(let value): value ? -1 : -2
    case .integer: 1
    case .number: 2
    case .text: 3
    case .bytes: 4
    }
  }
}
