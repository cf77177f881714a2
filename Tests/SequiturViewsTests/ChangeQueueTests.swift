import Testing

@testable import SequiturFollower
@testable import SequiturViews

/// The changes that wait for one listener.
struct ChangeQueueTests {
  private func entry(_ key: String, _ old: Int?, _ new: Int?, bytes: Int = 10) -> ChangeQueue<Int>.Entry {
    ChangeQueue.Entry(
      change: ViewChange(
        key: ViewKey(key), partition: 0, old: old, new: new, version: nil, position: nil, isExisting: false,
        count: 1),
      oldBytes: old == nil ? 0 : bytes, newBytes: new == nil ? 0 : bytes)
  }

  private func push(_ entry: ChangeQueue<Int>.Entry, to queue: inout ChangeQueue<Int>) {
    let fits = queue.append(entry)
    #expect(fits)
  }

  private func drain(_ queue: inout ChangeQueue<Int>) -> [String] {
    var texts: [String] = []
    while let change = queue.popFirst() {
      texts.append(
        "\(change.key):\(change.old.map { "\($0)" } ?? "-")>\(change.new.map { "\($0)" } ?? "-")x\(change.count)"
      )
    }
    return texts
  }

  @Test func `below the bound each change is told, in order`() {
    var queue = ChangeQueue<Int>(countMax: 10, bytesMax: 1 << 20)
    for number in 1...5 { push(entry("a", number - 1, number), to: &queue) }
    #expect(drain(&queue) == ["a:0>1x1", "a:1>2x1", "a:2>3x1", "a:3>4x1", "a:4>5x1"])
    #expect(queue.mergedCount == 0 && queue.byteCount == 0)
  }

  @Test func `above it changes of one key become one, from the first old to the last new value`() {
    var queue = ChangeQueue<Int>(countMax: 3, bytesMax: 1 << 20)
    for number in 1...5 {
      push(entry("a", number - 1, number), to: &queue)
      push(entry("b", number, number + 1), to: &queue)
    }
    #expect(queue.count == 2)
    #expect(queue.mergedCount == 8)
    #expect(drain(&queue) == ["a:0>5x5", "b:1>6x5"])
  }

  @Test func `what was made and is gone before it was told is not told`() {
    var queue = ChangeQueue<Int>(countMax: 1, bytesMax: 1 << 20)
    push(entry("a", 1, 2), to: &queue)
    push(entry("b", nil, 1), to: &queue)
    push(entry("b", 1, nil), to: &queue)
    push(entry("b", nil, 7), to: &queue)
    push(entry("a", 2, nil), to: &queue)
    #expect(drain(&queue) == ["a:1>-x2", "b:->7x1"])
    #expect(queue.isEmpty && queue.byteCount == 0)
  }

  @Test func `an empty queue tells each change again`() {
    var queue = ChangeQueue<Int>(countMax: 2, bytesMax: 1 << 20)
    for number in 1...4 { push(entry("a", number - 1, number), to: &queue) }
    #expect(drain(&queue) == ["a:0>4x4"])
    for number in 5...6 { push(entry("a", number - 1, number), to: &queue) }
    #expect(drain(&queue) == ["a:4>5x1", "a:5>6x1"])
  }

  @Test func `more than may wait although merged is refused`() {
    var queue = ChangeQueue<Int>(countMax: 100, bytesMax: 1000)
    var taken = 0
    while queue.append(entry("k-\(taken)", nil, 1)) { taken += 1 }
    #expect(1...7 ~= taken)
    var large = ChangeQueue<Int>(countMax: 100, bytesMax: 1000)
    for number in 0..<500 { push(entry("a", number, number + 1), to: &large) }
    #expect(large.count < 10)
  }

  @Test func `a queue that never empties keeps no memory of what was taken`() {
    var queue = ChangeQueue<Int>(countMax: 10, bytesMax: 1 << 20)
    push(entry("a", nil, 0), to: &queue)
    var last = -1
    for number in 1...50_000 {
      push(entry("a", number - 1, number), to: &queue)
      guard let change = queue.popFirst() else {
        Issue.record("nothing at \(number)")
        return
      }
      #expect(change.old == (last < 0 ? nil : last))
      last = change.new ?? -1
    }
    #expect(queue.count <= 1)
  }
}

/// Whether deletions may have been missed.
struct TombstoneWatchTests {
  private func watch(at: Int64, end: Int64?) -> TombstoneWatch {
    TombstoneWatch(kept: .seconds(10), at: ViewMark(position: nil, currentAt: at, currentEnd: end))
  }

  @Test(
    arguments: [
      // now, readTo, sure
      (9_999, 60, true), (10_001, 60, true), (11_000, 60, false), (86_400_000, 50, true),
      (86_400_000, 51, false),
      (500, 60, false), (500, 50, true),
    ] as [(Int64, Int64, Bool)])
  func `it is sure within the time that marks are kept, or when nothing came`(
    now: Int64, readTo: Int64, sure: Bool
  ) {
    var watch = watch(at: 1_000, end: 50)
    #expect(isSure(&watch, at: now, now: now, readTo: readTo) == sure)
  }

  private func isSure(_ watch: inout TombstoneWatch, at moment: Int64, now: Int64, readTo: Int64) -> Bool {
    watch.current(at: moment, now: now, readTo: readTo)
  }

  @Test func `a first reading counts from its beginning`() {
    var slow = watch(at: 1_000, end: nil)
    #expect(isSure(&slow, at: 11_500, now: 12_000, readTo: 5) == false)
    var fast = watch(at: 1_000, end: nil)
    #expect(isSure(&fast, at: 4_000, now: 4_100, readTo: 5) == true)
    #expect(isSure(&fast, at: 13_000, now: 13_100, readTo: 500) == true)
    #expect(isSure(&fast, at: 25_000, now: 25_100, readTo: 501) == false)
    var empty = watch(at: 1_000, end: nil)
    #expect(isSure(&empty, at: 90_000, now: 90_000, readTo: 0) == true)
  }
}
