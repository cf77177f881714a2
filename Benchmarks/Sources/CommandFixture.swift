import LifecycleRules
import Sequitur
import Workload

/// The commands of the micro benchmarks: ten thousand on two thousand objects, the same in every run.
struct CommandFixture {
  enum Format {
    case account
    case json
  }

  static let count = 10_000
  private static let objects: UInt64 = 2000
  /// How many different objects the commands are for.
  static let objectsTouched = 1458

  private var keys: [UInt8] = []
  private var payload = [UInt8](repeating: 0, count: 100)
  private var ids: [[UInt8]] = []
  private let nameOfID = StaticString("ce_id")

  /// - Parameter isDistinct: each object has one command only, so that all ids stay in the objects' windows.
  init(_ format: Format, hasIDs: Bool = false, isDistinct: Bool = false) {
    switch format {
    case .account: workload_account(1, &payload, payload.count)
    case .json: workload_json(1, &payload, payload.count)
    }
    var distribution = workload_keys()
    workload_keys_init(&distribution, 1, Self.objects, 0.99)
    var key = [UInt8](repeating: 0, count: Int(WORKLOAD_KEY_BYTES))
    for index in 0..<Self.count {
      workload_key(isDistinct ? UInt64(index) : workload_keys_next(&distribution), &key)
      keys += key
      if hasIDs { ids.append(Array("00000001-0000-4000-8000-\(100_000_000_000 + index)".utf8)) }
    }
  }

  static func rules() throws -> Rules {
    let text = """
      object: account
      fields: {amount: integer, note: string}
      states: [open]
      commands:
        deposit: {from: [none, open], to: open, event: deposited, require: {amount: integer}, when: ["amount > 0"], set: [amount, note]}
      """
    return try RulesFile.parse(text, path: "deposits.yaml")
  }

  /// Rules for the same commands that reckon: as in Benchmarks/arithmetic.yaml.
  static func arithmetic() throws -> Rules {
    let text = """
      object: account
      fields: {balance: {type: integer, default: 0, min: 0}, note: string}
      states: [open]
      commands:
        deposit:
          from: [none, open]
          to: open
          require: {amount: {type: integer, min: 1}}
          optional: {note: string}
          when: [{if: state.balance + amount <= 9000000000000000000, else: x-too-much}]
          set: {balance: state.balance + amount, note: note}
          event: deposited
      """
    return try RulesFile.parse(text, path: "arithmetic.yaml")
  }

  func withRecord(_ index: Int, offset: Int64 = 0, _ body: (borrowing CommandRecord) -> Void) {
    withHeaders(index) { headers in
      keys.withUnsafeBytes { keys in
        payload.withUnsafeBytes { payload in
          body(
            CommandRecord(
              unsafeKey: UnsafeRawBufferPointer(rebasing: keys[(index * 16)..<(index * 16 + 16)]),
              payload: payload, headers: headers,
              position: CommandPosition(partition: 0, offset: offset + Int64(index)),
              timestamp: 1_700_000_000_000))
        }
      }
    }
  }

  private func withHeaders(_ index: Int, _ body: (UnsafeBufferPointer<RecordHeader>) -> Void) {
    guard !ids.isEmpty else { return body(UnsafeBufferPointer(start: nil, count: 0)) }
    let name = UnsafeRawBufferPointer(start: nameOfID.utf8Start, count: nameOfID.utf8CodeUnitCount)
    ids[index].withUnsafeBytes { id in
      withUnsafePointer(to: RecordHeader(name: name, value: id)) {
        body(UnsafeBufferPointer(start: $0, count: 1))
      }
    }
  }
}
