import Foundation

/// Reads a database's log as the relay does, for looking at odd messages without a database.
package enum OutboxReading {
  /// Messages of a transaction, as pgoutput sends them, each in a piece of the log (`w`).
  package static var samples: [[[UInt8]]] {
    func number<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
      withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
    func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }
    func piece(_ message: [UInt8]) -> [UInt8] { Array("w".utf8) + [UInt8](repeating: 0, count: 24) + message }
    func value(_ text: String) -> [UInt8] {
      Array("t".utf8) + number(Int32(text.utf8.count)) + Array(text.utf8)
    }
    let columns = ["id", "key", "type", "payload", "headers"]
    let relation =
      Array("R".utf8) + number(UInt32(7)) + text("public") + text("outbox") + Array("d".utf8)
      + number(Int16(columns.count))
      + columns.flatMap { [0] + text($0) + number(UInt32($0 == "payload" ? 17 : 25)) + number(Int32(-1)) }
    let row =
      Array("I".utf8) + number(UInt32(7)) + Array("N".utf8) + number(Int16(5)) + value("1") + value("order-1")
      + value("create") + value("\\x7b7d") + value(#"{"expected-version":"none","x":null}"#)
    let json = #"{"key":"order-1","type":"pay","id":"c1","payload":{"amount":1},"headers":{"a":"b\n"}}"#
    let message =
      Array("M".utf8) + [1] + number(UInt64(9)) + text("sequitur") + number(Int32(json.utf8.count))
      + Array(json.utf8)
    let begin = Array("B".utf8) + number(UInt64(100)) + number(UInt64(1)) + number(UInt32(3))
    let commit = Array("C".utf8) + [0] + number(UInt64(90)) + number(UInt64(100)) + number(UInt64(1))
    let alive = Array("k".utf8) + number(UInt64(100)) + number(UInt64(1)) + [1]
    return [
      [begin, relation, row, commit].map(piece), [begin, message, commit].map(piece), [alive, piece(begin)],
      [Array(#"{"format":1,"relay":"r","ids":["1","2"],"commands":["c1",null]}"#.utf8)],
      [Array(#"{"format":1,"relay":"r","mode":"tail","shards":2,"end":"0/64","system":"7"}"#.utf8)],
    ]
  }

  /// - Parameter messages: of one log, in their order.
  /// - Returns: what is wrong with an answer; nil: nothing.
  package static func read(_ messages: [[UInt8]]) -> String? {
    let table = OutboxTable()
    var assembly = LogAssembly(table, prefix: "sequitur", from: LogPosition(0))
    let verdict = RowVerdict(recordBytesMax: 1_000_000)
    for bytes in messages {
      if let record = try? bytes.withUnsafeBytes({ try BatchRecord(decoding: $0, at: "fuzz") }) {
        _ = record.rows
      }
      guard case .log(let message)? = try? ReplicationMessage(bytes) else { continue }
      do {
        guard case .command(let command, _, _)? = try assembly.take(LogMessage(message)) else { continue }
        _ = look(command, verdict)
      } catch {
        // The relay ends its connection, and begins again from what is on record.
        return nil
      }
    }
    return nil
  }

  /// The reason why it is no command; nil: it is one.
  private static func look(_ command: LogCommand, _ verdict: RowVerdict) -> PoisonReason? {
    if let fault = command.fault { return fault }
    return (command.type ?? []).withUnsafeBytes { type in
      (command.headers ?? []).withUnsafeBytes { headers in
        var facts = RowVerdict.Facts()
        facts.keyBytes = command.key?.count
        facts.payloadBytes = command.payload?.count ?? 0
        facts.type = command.type == nil ? nil : type
        facts.headers = command.headers == nil ? nil : headers
        return verdict.fault(facts)
      }
    }
  }
}
