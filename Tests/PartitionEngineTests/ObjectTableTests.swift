import SeededRandom
import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct ObjectTableTests {
  private func hash(_ key: [UInt8]) -> UInt64 {
    // Few bits, so that probes are long and wrap around the end of the slots.
    key.withUnsafeBytes { KeyHash(seed: 1)($0) } | 0xffff_ffff_ffff_ff80
  }

  private func commit(_ key: [UInt8], _ record: [UInt8]?, to table: inout ObjectTable) {
    with(key, record) { table.commit($0, hash: hash(key), record: $1) }
  }

  private func cache(_ key: [UInt8], _ record: [UInt8]?, in table: inout ObjectTable) {
    with(key, record) { table.cache($0, hash: hash(key), record: $1) }
  }

  private func with(
    _ key: [UInt8], _ record: [UInt8]?, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) -> Void
  ) {
    key.withUnsafeBytes { keyBytes in
      guard let record else { return body(keyBytes, nil) }
      record.withUnsafeBytes { body(keyBytes, $0) }
    }
  }

  private func find(_ key: [UInt8], in table: inout ObjectTable) -> [UInt8]?? {
    key.withUnsafeBytes { bytes in
      switch table.find(bytes, hash: hash(key)) {
      case .present(let record): .some(array(record.bytes))
      case .absent: .some(nil)
      case .unknown: nil
      }
    }
  }

  private func take(_ table: inout ObjectTable) -> [(key: [UInt8], record: [UInt8]?)] {
    var taken: [(key: [UInt8], record: [UInt8]?)] = []
    table.takeDrain { taken.append((array($0), $1.map { array($0) })) }
    return taken
  }

  /// What the table must know: every object as last written, and which of them the store does not hold.
  private struct Model {
    var current: [[UInt8]: [UInt8]?] = [:]
    var store: [[UInt8]: [UInt8]?] = [:]
    var draining: [[UInt8]: [UInt8]?]?

    func mustBeHeld(_ key: [UInt8]) -> Bool { current[key] != nil && current[key] != store[key] }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func `behaves like a dictionary in front of a store, whatever is evicted and drained`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let limit = seed.isMultiple(of: 2) ? 6_000 : 1 << 20
    var table = ObjectTable(byteCountMax: limit)
    var model = Model()
    for step in 0..<6000 {
      let key = Array("key \(Int.random(in: 0..<(seed < 3 ? 60 : 500), using: &random))".utf8)
      switch Int.random(in: 0..<10, using: &random) {
      case 0...3:
        let isForgotten = Int.random(in: 0..<5, using: &random) == 0
        let state = String(repeating: "s", count: .random(in: 0..<200, using: &random))
        let record = isForgotten ? nil : objectRecord(version: UInt64(step + 1), state: state)
        commit(key, record, to: &table)
        model.current.updateValue(record, forKey: key)
      case 4...7:
        // As the processor does: what memory does not know is read from the store and kept.
        if let found = find(key, in: &table) {
          #expect(found == (model.current[key] ?? nil))
        } else {
          #expect(!model.mustBeHeld(key), "an object that the store does not hold was evicted")
          cache(key, model.store[key] ?? nil, in: &table)
        }
      case 8 where model.draining == nil:
        check(take(&table), &model)
      default:
        endDrain(&table, &model, succeeds: .random(using: &random))
      }
      if table.dirty.isEmpty && table.draining.isEmpty {
        let fixed = table.byteCount - table.blockByteCount
        let byteCount = table.byteCount
        table.evict()
        #expect(min(byteCount, table.byteCount) <= max(limit, fixed))
      }
    }
    expectHolds(&table, &model)
  }

  private func check(_ taken: [(key: [UInt8], record: [UInt8]?)], _ model: inout Model) {
    for (before, after) in zip(taken, taken.dropFirst()) {
      #expect(before.key.lexicographicallyPrecedes(after.key), "each key once, in order")
    }
    for (key, record) in taken { #expect(record == (model.current[key] ?? nil)) }
    if !taken.isEmpty {
      model.draining = Dictionary(taken.map { ($0.key, $0.record) }, uniquingKeysWith: { $1 })
    }
  }

  private func endDrain(_ table: inout ObjectTable, _ model: inout Model, succeeds: Bool) {
    guard let draining = model.draining else { return }
    if succeeds {
      for (key, record) in draining { model.store.updateValue(record, forKey: key) }
      table.finishDrain()
    } else {
      table.failDrain()
    }
    model.draining = nil
  }

  /// After the last drains the store holds all, and the table may be emptied.
  private func expectHolds(_ table: inout ObjectTable, _ model: inout Model) {
    endDrain(&table, &model, succeeds: false)
    check(take(&table), &model)
    endDrain(&table, &model, succeeds: true)
    #expect(model.store.filter { $0.value != nil } == model.current.filter { $0.value != nil })
    let dirty = table.dirtyByteCount
    #expect(dirty == 0)
    table.setByteCountMax(0)
    let rest = (table.count, table.blockByteCount)
    #expect(rest == (0, 0))
  }

  @Test func `undrained objects are kept whatever the limit`() {
    var table = ObjectTable(byteCountMax: 0)
    let keys = (0..<1000).map { Array("key \($0)".utf8) }
    for key in keys { commit(key, objectRecord(version: 1, state: "s"), to: &table) }
    table.evict()
    #expect(keys.allSatisfy { find($0, in: &table) != nil })
    _ = take(&table)
    table.evict()
    #expect(keys.allSatisfy { find($0, in: &table) != nil }, "on its way is not there yet")
    commit(keys[0], nil, to: &table)
    table.finishDrain()
    let count = table.count
    #expect(count == 1)
    #expect(find(keys[0], in: &table) == .some(nil))
  }

  @Test(.timeLimit(.minutes(1)))
  func `reads stay cheap when undrained objects alone are over the limit`() {
    var table = ObjectTable(byteCountMax: 1000)
    let hash = KeyHash(seed: 1)
    func each(_ prefix: String, _ count: Int, _ body: (UnsafeRawBufferPointer, UInt64) -> Void) {
      for number in 0..<count { Array("\(prefix) \(number)".utf8).withUnsafeBytes { body($0, hash($0)) } }
    }
    each("dirty", 30_000) { table.commit($0, hash: $1, record: nil) }
    let undrained = table.byteCount
    // A whole turn for each would be two billion steps.
    each("read", 30_000) { table.cache($0, hash: $1, record: nil) }
    let all = table.byteCount
    #expect(all < undrained + undrained / 4, "clean objects must not pile up")
  }

  @Test func `what finds the objects counts, and shrinks with them`() {
    var table = ObjectTable(byteCountMax: 1 << 20)
    let hash = KeyHash(seed: 1)
    for number in 0..<20_000 {
      Array("\(number)".utf8).withUnsafeBytes { table.cache($0, hash: hash($0), record: nil) }
    }
    let (full, blocks, count) = (table.byteCount, table.blockByteCount, table.count)
    #expect(full <= 1 << 20)
    #expect(full - blocks >= 2 * count * MemoryLayout<ObjectTable.Slot>.stride)
    table.setByteCountMax(1 << 16)
    let small = table.byteCount
    #expect(small <= 1 << 16)
    let rest = table.count
    #expect(rest > 100, "most of the limit is not for empty slots")
    // They are still found.
    let found = (0..<20_000).count { number in
      Array("\(number)".utf8).withUnsafeBytes {
        if case .absent = table.find($0, hash: hash($0)) { true } else { false }
      }
    }
    #expect(found == rest)
  }

  @Test func `an object that changes many times waits for the drain once`() {
    var table = ObjectTable(byteCountMax: 1 << 20)
    let record = objectRecord(version: 1, state: "state")
    for _ in 0..<100 { commit([1, 2, 3], record, to: &table) }
    let once = table.dirtyByteCount
    #expect(once == 3 + record.count)
    commit([1, 2, 3], nil, to: &table)
    let forgotten = table.dirtyByteCount
    #expect(forgotten == 3)
    _ = take(&table)
    commit([1, 2, 3], record, to: &table)
    table.failDrain()
    let again = table.dirtyByteCount
    #expect(again == 3 + record.count)
  }
}
