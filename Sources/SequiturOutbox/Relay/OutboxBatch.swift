import KafkaClient
import PostgreSQL

/// Rows that were selected, and what becomes of each.
struct OutboxBatch {
  private let result: QueryResult
  private let hasCommandIDs: Bool
  /// Numbers of the rows that can be sent, in order.
  private(set) var sendable: [Int] = []
  /// The others, in order.
  private(set) var poison: [(row: Int, reason: PoisonReason)] = []

  /// An empty batch is nil.
  init?(_ result: QueryResult, hasCommandIDs: Bool, _ verdict: RowVerdict) {
    guard result.rowCount > 0 else { return nil }
    self.result = result
    self.hasCommandIDs = hasCommandIDs
    var parkedKeys = Set<[UInt8]>()
    var recordBytes = 0
    for row in 0..<result.rowCount {
      // The batch ends where the record with its ids would grow too large for the topic.
      recordBytes += identityBytes(row)
      guard recordBytes <= OutboxLimits.recordBytesMax || row == 0 else { break }
      judge(row, verdict, &parkedKeys)
    }
  }

  private func identityBytes(_ row: Int) -> Int {
    var bytes = 8
    for column in [TableShape.Column.id, .commandID] {
      bytes += withBytes(row, column) { $0?.count ?? 4 } + 3
    }
    return bytes
  }

  private mutating func judge(_ row: Int, _ verdict: RowVerdict, _ parkedKeys: inout Set<[UInt8]>) {
    var facts = RowVerdict.Facts()
    facts.keyBytes = withBytes(row, .key) { $0?.count }
    // A small payload may come with the row; of a large one only the size does.
    facts.payloadBytes = text(row, .payloadBytes).flatMap { Int($0) } ?? 0
    facts.isKeyParked = withBytes(row, .isKeyParked) { $0?.first == 1 }
    if !facts.isKeyParked, !parkedKeys.isEmpty { facts.isKeyParked = parkedKeys.contains(keyBytes(row)) }
    let reason = withBytes(row, .type) { type in
      facts.type = type
      return withBytes(row, .headers) { headers in
        facts.headers = headers
        return verdict.fault(facts)
      }
    }
    if let reason {
      poison.append((row, reason))
      if (facts.keyBytes ?? 0) > 0 { parkedKeys.insert(keyBytes(row)) }
    } else {
      sendable.append(row)
    }
  }

  private func keyBytes(_ row: Int) -> [UInt8] { withBytes(row, .key) { $0.map { [UInt8]($0) } ?? [] } }

  private func withBytes<Value>(
    _ row: Int, _ column: TableShape.Column, _ body: (UnsafeRawBufferPointer?) throws -> Value
  ) rethrows -> Value {
    try result.withBytes(row: row, column: column.rawValue, body)
  }

  private func text(_ row: Int, _ column: TableShape.Column) -> String? {
    result.text(row: row, column: column.rawValue)
  }

  /// What the row is known by.
  func identity(_ row: Int) -> RowIdentity {
    RowIdentity(id: text(row, .id) ?? "", commandID: hasCommandIDs ? text(row, .commandID) : nil)
  }

  /// The rows that can be sent.
  var sent: [RowIdentity] { sendable.map(identity) }

  /// Rows that the topic refused are parked, and so is what comes behind them with the same key.
  mutating func refuse(_ reasons: [Int: PoisonReason]) {
    let keys = Set(reasons.keys.map(keyBytes))
    var rest: [Int] = []
    var added: [(row: Int, reason: PoisonReason)] = []
    var seen = Set<[UInt8]>()
    for row in sendable {
      let key = keyBytes(row)
      if let reason = reasons[row] {
        added.append((row, reason))
        seen.insert(key)
      } else if keys.contains(key), seen.contains(key) {
        added.append((row, .behind))
      } else {
        rest.append(row)
      }
    }
    sendable = rest
    poison = (poison + added).sorted { $0.row < $1.row }
  }

  /// Lends what a record is made of.
  func withRecord(
    _ row: Int,
    _ body: (_ key: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer?, consuming HeaderList)
      throws(KafkaError)
      -> Void
  ) throws(KafkaError) {
    var headers = HeaderList(capacity: 4)
    withBytes(row, .type) { if let type = $0 { headers.add(name: "ce_type" as StaticString, value: type) } }
    withBytes(row, .commandID) { if let id = $0 { headers.add(name: "ce_id" as StaticString, value: id) } }
    withBytes(row, .headers) { json in
      guard let json, case .success(let own) = RowHeaders.read(json) else { return }
      for (name, value) in own {
        if let value {
          headers.add(name: name, value: value)
        } else {
          var name = name
          name.withUTF8 { headers.add(name: UnsafeRawBufferPointer($0), value: nil) }
        }
      }
    }
    var list = Optional(headers)
    let failure: KafkaError? = withBytes(row, .key) { key in
      withBytes(row, .payload) { value in
        do throws(KafkaError) {
          try body(key, value, list.take()!)
          return nil
        } catch {
          return error
        }
      }
    }
    if let failure { throw failure }
  }
}
