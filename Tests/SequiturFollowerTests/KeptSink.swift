import SequiturFollower
import Synchronization

/// A sink that keeps what it was given, and answers as it is told.
final class KeptSink: FollowSink {
  /// One call.
  struct Call: Sendable, Equatable {
    var partition: Int32
    /// Like `a=1`, and `a` of one that is forgotten.
    var records: [String]
    var old: FollowPosition?
    var new: FollowPosition?
  }

  private struct Kept {
    var calls: [Call] = []
    var positions: [Int32: FollowPosition] = [:]
    var table: [String: String] = [:]
  }

  private let kept = Mutex(Kept())
  /// Asked before anything is applied.
  private let answer: @Sendable (_ call: Int, KeptSink) throws -> FollowVerdict
  private let count = Mutex(0)

  init(
    at positions: [Int32: FollowPosition] = [:],
    _ answer: @escaping @Sendable (Int, KeptSink) throws -> FollowVerdict = { _, _ in .applied }
  ) {
    self.answer = answer
    kept.withLock { $0.positions = positions }
  }

  var calls: [Call] { kept.withLock { $0.calls } }
  /// What the applied records leave.
  var table: [String: String] { kept.withLock { $0.table } }
  var records: [String] { calls.flatMap(\.records) }

  /// As somebody else would.
  func move(_ partition: Int32, to position: FollowPosition?) {
    kept.withLock { $0.positions[partition] = position }
  }

  func position(of partition: Int32) -> FollowPosition? { kept.withLock { $0.positions[partition] } }

  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) throws -> FollowVerdict {
    let number = count.withLock { count in
      defer { count += 1 }
      return count
    }
    let verdict = try answer(number, self)
    guard verdict == .applied else { return verdict }
    let records = (0..<batch.count).map { batch[$0] }.map { record in
      (String(decoding: record.key, as: UTF8.self), record.value.map { String(decoding: $0, as: UTF8.self) })
    }
    kept.withLock { kept in
      kept.calls.append(
        Call(
          partition: partition, records: records.map { key, value in value.map { "\(key)=\($0)" } ?? key },
          old: old, new: new))
      for (key, value) in records { kept.table[key] = value }
      if let new { kept.positions[partition] = new }
    }
    return .applied
  }
}
