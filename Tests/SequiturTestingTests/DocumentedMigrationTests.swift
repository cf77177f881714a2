import Foundation
import Sequitur
import SequiturJSON
import Testing

/// The example of "Changing what a state looks like".
struct DocumentedMigrationTests {
  private struct Account: JSONDecider {
    enum Command: Decodable { case open }
    enum Event: Codable { case opened }

    var schemaVersion: Int { 2 }

    struct State: Codable, Equatable {
      var balance: UInt64
      var currency: String
    }

    private struct FormerState: Codable {
      var balance: UInt64
    }

    func decide(_ command: Command, on state: State?, in context: borrowing DecisionContext) -> Decision<
      Event
    > {
      .accept(.opened)
    }

    func evolve(_ state: State?, by event: Event) -> State? { State(balance: 0, currency: "EUR") }

    func migrateState(_ bytes: RawSpan, from version: Int, into migrated: inout ByteWriter) throws {
      let former = try JSONDecoder().decode(FormerState.self, from: bytes.withUnsafeBytes { Data($0) })
      try encodeState(State(balance: former.balance, currency: "EUR"), into: &migrated)
    }
  }

  @Test func `the documented migration reads a state of version 1`() throws {
    let former = Array(#"{"balance":50}"#.utf8)
    var migrated = ByteWriter()
    try Account().migrateState(former.span.bytes, from: 1, into: &migrated)
    let state = try JSONDecoder().decode(Account.State.self, from: Data(migrated.bytes))
    #expect(state == Account.State(balance: 50, currency: "EUR"))
  }
}
