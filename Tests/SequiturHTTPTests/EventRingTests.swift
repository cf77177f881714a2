import NIOCore
import SeededRandom
import Testing

@testable import SequiturHTTP

/// The ring without a server.
struct EventRingTests {
  private let all = EventFilter()

  private func ring(_ count: Int, bytesMax: Int = 1 << 20) -> EventRing {
    var ring = EventRing(bytesMax: bytesMax)
    for number in 0..<count { append(number, to: &ring) }
    return ring
  }

  private func append(_ number: Int, to ring: inout EventRing) {
    ring.append(
      id: "\(number)", name: nil, data: "event \(number)".utf8, isOneLine: true,
      labels: EventLabels(key: Array("key-\(number % 3)".utf8), type: number % 2 == 0 ? "even" : "odd"))
  }

  private func take(
    _ ring: inout EventRing, _ number: Int, _ filter: EventFilter, _ bytesMax: Int
  ) throws -> EventRing.Taken {
    let taken = ring.take(from: number, filter, atMost: bytesMax)
    return try #require(taken)
  }

  private func text(_ taken: EventRing.Taken) -> String {
    taken.buffers.map { String(buffer: $0) }.joined()
  }

  private func expected(_ numbers: some Sequence<Int>) -> String {
    numbers.map { "id: \($0)\ndata: event \($0)\n\n" }.joined()
  }

  @Test func `a client gets every event from its place on, in order, whatever it takes at once`() throws {
    for atMost in [1, 40, 100, 1000, 1 << 20] {
      for first in [0, 1, 17, 199, 200] {
        var ring = ring(200)
        var (next, read) = (first, "")
        while next < ring.endNumber {
          let taken = try take(&ring, next, all, atMost)
          #expect(taken.next > next)
          #expect(taken.bytes <= max(atMost, 30))
          read += text(taken)
          next = taken.next
        }
        #expect(read == expected(first..<200))
      }
    }
  }

  @Test func `what was given away stays as it was while more is added`() throws {
    var ring = ring(3)
    let taken = try take(&ring, 0, all, 1000)
    for number in 3..<2000 { append(number, to: &ring) }
    #expect(text(taken) == expected(0..<3))
  }

  @Test func `events that are taken one by one become larger blocks, and none is lost`() throws {
    var ring = EventRing(bytesMax: 1 << 20)
    var late = 0
    for number in 0..<1000 {
      append(number, to: &ring)
      // The fast client shares each block with its first event.
      let taken = try take(&ring, number, all, 1000)
      #expect(taken.next == number + 1)
    }
    var (buffers, read) = (0, "")
    while late < ring.endNumber {
      let taken = try take(&ring, late, all, 64 << 10)
      buffers += taken.buffers.count
      read += text(taken)
      late = taken.next
    }
    #expect(read == expected(0..<1000))
    #expect(buffers < 100, "\(buffers)")
  }

  @Test func `the oldest events make room, and who is behind them is told that they are lost`() throws {
    for isTaken in [false, true] {
      var ring = EventRing(bytesMax: 20_000)
      for number in 0..<5000 {
        append(number, to: &ring)
        if isTaken { _ = ring.take(from: number, all, atMost: 100) }
        #expect(ring.cost <= 20_000)
      }
      #expect(ring.firstNumber > 4500 && ring.firstNumber < 4999)
      let lost = ring.take(from: ring.firstNumber - 1, all, atMost: 100)
      #expect(lost == nil)
      let rest = try take(&ring, ring.firstNumber, all, 1 << 20)
      #expect(text(rest) == expected(ring.firstNumber..<5000))
    }
    // One that is larger than the ring is alone in it.
    var ring = EventRing(bytesMax: 100)
    append(1, to: &ring)
    ring.append(
      id: "large", name: nil, data: [UInt8](repeating: 65, count: 1000), isOneLine: true, labels: nil)
    #expect(ring.firstNumber == 1 && ring.endNumber == 2)
  }

  @Test func `an event's id leads behind it while it is there`() {
    var ring = ring(2000, bytesMax: 100_000)
    #expect(ring.number(after: "1999") == 2000)
    #expect(ring.number(after: "1990") == 1991)
    #expect(ring.id(of: 1990) == "1990")
    for lost in ["0", "2000", "", "19900", "199"] { #expect(ring.number(after: lost) == nil, "\(lost)") }
    ring.removeAll()
    #expect(ring.number(after: "1999") == nil)
    let lost = ring.take(from: 2000, all, atMost: 100)
    #expect(lost == nil)
    append(7, to: &ring)
    #expect(ring.number(after: "7") == ring.endNumber)
  }

  @Test func `a filter lets through what it names, and goes on over the rest`() throws {
    let table: [(EventFilter, (Int) -> Bool)] = [
      (EventFilter(types: ["odd"]), { $0 % 2 == 1 }),
      (EventFilter(types: ["odd", "even"]), { _ in true }),
      (EventFilter(types: ["none"]), { _ in false }),
      (EventFilter(keyPrefix: Array("key-2".utf8)), { $0 % 3 == 2 }),
      (EventFilter(types: ["even"], keyPrefix: Array("key-0".utf8)), { $0 % 6 == 0 }),
      (EventFilter(keyPrefix: Array("key-22".utf8)), { _ in false }),
    ]
    for (filter, passes) in table {
      for atMost in [1, 100, 1 << 20] {
        var ring = ring(3000)
        var (next, read) = (0, "")
        while next < ring.endNumber {
          let taken = try take(&ring, next, filter, atMost)
          #expect(taken.next > next)
          read += text(taken)
          next = taken.next
        }
        #expect(read == expected((0..<3000).filter(passes)))
      }
    }
    // An event without labels passes no filter.
    var ring = EventRing(bytesMax: 1000)
    ring.append(id: "1", name: nil, data: "x".utf8, isOneLine: true, labels: nil)
    let taken = try take(&ring, 0, EventFilter(types: ["odd"]), 100)
    #expect(taken.buffers.isEmpty)
  }

  @Test func `readers at random places read what was added, whatever is taken, merged and dropped between`()
    throws
  {
    for seed in 1...30 as ClosedRange<UInt64> {
      var random = SplitMix64(seed: seed)
      var ring = EventRing(bytesMax: 4000 + Int.random(in: 0...40_000, using: &random))
      var readers = [Int](repeating: 0, count: 6)
      for _ in 0..<2000 {
        if Bool.random(using: &random) { append(ring.endNumber, to: &ring) }
        let reader = Int.random(in: 0..<6, using: &random)
        let atMost = Int.random(in: 1...2000, using: &random)
        guard let taken = ring.take(from: readers[reader], all, atMost: atMost) else {
          #expect(readers[reader] < ring.firstNumber)
          readers[reader] = ring.firstNumber
          continue
        }
        #expect(text(taken) == expected(readers[reader]..<taken.next), "seed \(seed)")
        readers[reader] = taken.next
      }
    }
  }
}
