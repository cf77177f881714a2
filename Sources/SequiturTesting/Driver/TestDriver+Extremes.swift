import PartitionEngine
import Sequitur

/// Commands that nobody sent, with extreme numbers in their payloads.
extension TestDriver {
  /// Of a type: beyond it, more commands of it show nothing new.
  static var extremesTriedPerType: Int { 4 }

  /// Lets a decider of its own answer the command with extreme numbers in it: on the object as it is, and once more on what
  /// came of that. Nothing of it is kept.
  ///
  /// A trap, such as of an addition that overflows, ends the test's process here, as it would end a worker: the decider's
  /// line is at the top of the backtrace, and this function below it.
  func tryExtremeNumbers(at offset: Int64) throws(TestFault) {
    let command = commands[Int(offset)]
    guard triesExtremeNumbers, let payload = command.value else { return }
    let type = command[header: "ce_type"] ?? ""
    guard extremesTried[type, default: 0] < Self.extremesTriedPerType else { return }
    let variants = ExtremeNumbers.variants(of: payload)
    guard !variants.isEmpty else { return }
    extremesTried[type, default: 0] += 1
    let object = command.key.flatMap { objects[$0] }
    let before = object.map { stateBytes(of: $0) }
    let version = object.map { self.version(ofRecord: $0) } ?? 0
    let decider = makeDecider()
    for variant in variants {
      var state = before
      for round in 0..<2 {
        let record = LogRecord(
          key: command.key, value: variant, headers: command.headers, timestamp: command.timestamp)
        let rehearsed = record.withCommand(at: CommandPosition(partition: 0, offset: offset)) {
          DirectDecision.run(decider, $0, on: state, version: version + UInt64(round)).0
        }
        guard case .accepted(_, let after) = rehearsed.answer else { break }
        state = after
        if let state { try checkCodec(state, with: variant, decider, at: offset) }
      }
    }
  }

  private func checkCodec(
    _ state: [UInt8], with payload: [UInt8], _ decider: D, at offset: Int64
  ) throws(TestFault) {
    let again = try? decider.bytes(of: decider.decodeState(of: state))
    guard again != state else { return }
    throw fault(
      .stateCodec, at: offset,
      "with the payload '\(String(decoding: payload, as: UTF8.self))' a state comes about that cannot be read back: "
        + "'\(String(decoding: state.prefix(300), as: UTF8.self))'")
  }
}
