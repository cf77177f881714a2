import PostgreSQL
import ReadableText

/// Why a relay cannot begin or go on. The description says what to do.
public struct OutboxFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of fault it is.
  public enum Kind: Sendable, Hashable {
    /// A table, a column, a slot or a setting of the database is not as it must be.
    case database
    /// A name or a topic is not as it must be.
    case configuration
    /// Another relay of the same name has taken over.
    case superseded
    /// What was written before cannot be told: going on could lose commands.
    case lost
  }

  /// What kind of fault it is.
  public let kind: Kind
  /// What was expected, what was found, and the cure.
  public let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  static func missingTable(_ name: String, _ server: String) -> OutboxFault {
    OutboxFault(
      .database,
      "Expected the table \(ShownText.line(name, atMost: 200)) on \(server), but it is not there, or not in the search "
        + "path. `sequitur outbox create` makes it; --table names another one.")
  }

  static func missingColumn(
    _ column: String, _ role: OutboxTable.Role, of table: String, known: [String]
  ) -> OutboxFault {
    let names = known.map { ShownText.line($0, atMost: 80) }.joined(separator: ", ")
    return OutboxFault(
      .database,
      "Expected the column \(ShownText.line(column, atMost: 80)) of \(ShownText.line(table, atMost: 200)) for the "
        + "\(role.rawValue), but the table has \(names). Map it: --column \(role.rawValue)=NAME.")
  }

  static func wrongHeaders(_ column: String, of table: String, _ type: String) -> OutboxFault {
    OutboxFault(
      .database,
      "Expected the column \(ShownText.line(column, atMost: 80)) of \(ShownText.line(table, atMost: 200)) to be json or "
        + "jsonb, but it is \(type). Change its type, or leave it out: --column headers=.")
  }

  static func missingPublication(_ name: String, _ server: String) -> OutboxFault {
    OutboxFault(
      .database,
      "Expected the publication \(name) on \(server), but it is gone: nothing comes out of the log without it, also of "
        + "what was written while it was there. Compare the data, and begin with --new-slot.")
  }

  static func incompletePublication(_ name: String, _ table: String) -> OutboxFault {
    OutboxFault(
      .database,
      "Expected the publication \(name) to have the inserts of \(ShownText.line(table, atMost: 200)), but it has not: rows that "
        + "are written meanwhile are not sent. alter publication \"\(name)\" add table …; then send what was written in "
        + "between by hand. It was made before the table was, or the table was made anew.")
  }

  static func foreignPublication(_ name: String, _ table: String) -> OutboxFault {
    OutboxFault(
      .database,
      "Expected the publication \(name) to have no table but \(ShownText.line(table, atMost: 200)), but it has others, whose rows "
        + "are no commands. alter publication \"\(name)\" set table …; or name the table with --table.")
  }

  static func name(_ name: String, _ reason: String) -> OutboxFault {
    OutboxFault(
      .configuration,
      "Expected --name to be of the characters a-z, A-Z, 0-9, `.`, `_` and `-`, but in `\(ShownText.line(name, atMost: 80))` "
        + "\(reason). It stands in transactional ids and in the keys of records.")
  }

  static func nameOfShard(_ name: String) -> OutboxFault {
    OutboxFault(
      .configuration,
      "Expected --name not to end with `-` and a number, but it is `\(ShownText.line(name, atMost: 80))`. Shards of an outbox "
        + "with the name before that have transactional ids which end so: the two would take each other for an older relay. "
        + "Choose another --name.")
  }

  static func superseded(_ name: String, by relay: String) -> OutboxFault {
    OutboxFault(
      .superseded,
      "Expected to be the only relay of the outbox \(name), but another one (\(ShownText.line(relay, atMost: 80))) has "
        + "taken it over. Nothing was lost or sent twice. Run one relay of a name; where this one was slow or stood "
        + "still, there is nothing to do.")
  }

  static func notCompacted(_ topic: String, _ policy: String?) -> OutboxFault {
    OutboxFault(
      .configuration,
      "Expected the topic \(topic) to be compacted, but its cleanup.policy is \(policy ?? "not told"). Deleting its records "
        + "would lose what a relay must know after a crash: set cleanup.policy=compact.")
  }

  static func unreadableLog(_ why: String) -> OutboxFault {
    OutboxFault(
      .lost,
      "Expected pgoutput's messages (version 1 of its protocol) in the database's log, but \(why). Report it: it is a fault "
        + "of this program, or of the server.")
  }

  static func mode(_ name: String, was: String, now: String) -> OutboxFault {
    OutboxFault(
      .configuration,
      "Expected the outbox \(name) to be served by --mode \(was), as it was until now, but it is --mode \(now). Each sends what "
        + "the other one has sent already. To change: end with --mode \(was) --until-empty while nobody writes, empty the table, "
        + "and go on with another --name.")
  }

  static func unreadable(_ place: String, _ why: String) -> OutboxFault {
    OutboxFault(
      .lost,
      "Expected the record at \(place) to say which rows are in doubt, but \(why). Something else has written there, or a "
        + "newer version of Sequitur: run that one.")
  }
}
