import SeededRandom
import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct StagingOverlayTests {
  /// Few hash bits, so that probes are long.
  private func hash(_ key: [UInt8]) -> UInt64 { key.withUnsafeBytes { KeyHash(seed: 1)($0) } & 0x3f }

  private func stage(_ key: [UInt8], _ record: [UInt8]?, in overlay: inout StagingOverlay) {
    let offset = overlay.arena.count
    record?.withUnsafeBytes { overlay.arena.append($0) }
    key.withUnsafeBytes { bytes in
      let place = overlay.place(of: bytes, hash: hash(key))
      overlay.stage(bytes, hash: hash(key), at: place, recordFrom: record == nil ? nil : offset)
    }
  }

  /// The record; `nil`: the object is absent; a missing answer: unknown.
  private func find(_ key: [UInt8], in overlay: borrowing StagingOverlay) -> [UInt8]?? {
    key.withUnsafeBytes { bytes in
      switch overlay.find(bytes, hash: hash(key)) {
      case .present(let record): .some(array(record.bytes))
      case .absent: .some(nil)
      case .unknown: nil
      }
    }
  }

  @Test func `keeps no more memory than it may when it is emptied`() {
    var overlay = StagingOverlay()
    let small = overlay.capacityByteCount
    for number in 0..<2000 {
      stage(Array("key-\(number)".utf8), Array(repeating: 1, count: 100), in: &overlay)
    }
    let large = overlay.capacityByteCount
    #expect(large > 200_000)
    overlay.removeAll(keepingAtMost: large)
    #expect(overlay.capacityByteCount == large)
    overlay.removeAll(keepingAtMost: large - 1)
    #expect(overlay.capacityByteCount == small)
    #expect(find(Array("key-0".utf8), in: overlay) == nil)
    stage(Array("key".utf8), [7], in: &overlay)
    #expect(find(Array("key".utf8), in: overlay) == [7])
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `behaves like a dictionary that keeps the order of first touch`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    // Starts right before its generation wraps, as after four billion transactions.
    var overlay = StagingOverlay(generation: .max - 1)
    for round in 0..<6 {
      // Growing begins a new count of generations, so the wrap must come before.
      let keys = round < 4 ? 100 : 700
      var model: [[UInt8]: [UInt8]?] = [:]
      var order: [[UInt8]] = []
      for _ in 0..<2000 {
        let key = Array("key \(Int.random(in: 0..<keys, using: &random))".utf8)
        let record =
          Int.random(in: 0..<4, using: &random) == 0
          ? nil : objectRecord(version: .random(in: 1...9, using: &random), state: "state")
        stage(key, record, in: &overlay)
        if model.updateValue(record, forKey: key) == nil { order.append(key) }
      }
      for number in 0..<750 {
        let key = Array("key \(number)".utf8)
        #expect(find(key, in: overlay) == model[key])
      }
      let entries = overlay.entries.map { array(overlay.bytes($0.key)) }
      #expect(entries == order)
      overlay.removeAll()
      let isEmpty = overlay.isEmpty && overlay.byteCount == 0
      #expect(isEmpty)
      #expect(order.allSatisfy { find($0, in: overlay) == nil })
    }
  }
}
