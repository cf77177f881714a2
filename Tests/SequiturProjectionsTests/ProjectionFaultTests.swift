import SequiturProjections
import Testing

/// What `sequitur project check` says of files that are wrong.
@Suite struct ProjectionFaultTests {
  private func faults(_ yaml: String) -> [String] {
    ProjectionFile.check(yaml, path: "f").faults.map(\.description)
  }

  /// A file with one line that can be wrong: of the table, of the events, and behind.
  private func file(
    key: String = "{id: $key}", columns: String = "{n: bigint, t: text}", events: String = "{made: delete}",
    more: String = ""
  ) -> String {
    "projection: p\ntable:\n  name: things\n  key: \(key)\n  columns: \(columns)\nevents: \(events)\n\(more)"
  }

  @Test func `the file of the documentation has no fault`() throws {
    let definition = try Orders.definition()
    #expect(definition.name == "order_list" && definition.onError == .stop && definition.source == .events)
    #expect(
      definition.table?.columns.map(\.name) == [
        "id", "customer", "total", "status", "payments", "version", "changed_at",
      ])
    #expect(definition.rule(for: "paid")?.row?.increments.count == 1)
    #expect(definition.rule(for: "unheard-of") == nil)
  }

  @Test(
    arguments: [
      (
        "{made: {upsert: {m: n}}}", "f:6:26: Expected a column of the table, but found `m`."
      ),
      ("{made: {upsert: {n: $verison}}}", "f:6:29: Expected one of $id"),
      ("{made: {upsert: {n: $verison}}}", "Did you mean `$version`?"),
      ("{made: {upsert: {id: n}}}", "f:6:26: Expected no value for `id`: the table's key says what it is."),
      ("{made: {upsert: {n: [1]}}}", "f:6:29: Expected a value, but found a list."),
      (
        "{made: {upsert: {t: 'open'}}}",
        "f:6:29: Expected a field without quotes, or a constant in two pairs of them"
      ),
      ("{made: {upsert: {t: \"'open\"}}}", "f:6:29: Expected a constant like 'open', but found `'open`"),
      ("{made: {upsert: {t: a b}}}", "f:6:29: Expected a field of the payload, but found `a b`."),
      ("{made: {upsert: {t: /a~2}}}", "f:6:29: Expected ~0 or ~1 in the JSON pointer"),
      ("{made: {upsert: {t: $header.}}}", "f:6:29: Expected a header's name behind `$header.`"),
      (
        "{made: {upsert: {t: a}, insert: {t: a}}}",
        "f:6:33: Expected one of upsert, insert for an event, but found 2."
      ),
      ("{made: {delete: true, increment: {n: 1}}}", "f:6:31: Expected `increment` alone or beside"),
      ("{made: {increment: {t: 1}}}", "f:6:29: Expected a column with numbers, but `t` is text."),
      ("{made: {increment: {n: \"'x'\"}}}", "f:6:32: Expected a number to add, but found `'x'`."),
      (
        "{made: {upsert: {n: 1}, increment: {n: 1}}}",
        "f:6:45: Expected `n` set or incremented, but found both."
      ),
      ("{made: {update: {}}}", "f:6:25: Expected at least one column to update, but there is none."),
      ("{made: {}}", "f:6:16: Expected one of upsert, update"),
      (
        "{made: {upsrt: {n: 1}}}",
        "f:6:17: Expected one of upsert, update, insert, increment, delete, sql, but found `upsrt`. Did you mean `upsert`?"
      ),
      ("{made: remove}", "f:6:16: Expected `delete`, `ignore` or a mapping"),
      (
        "{made: delete, made: ignore}",
        "f:6:24: Expected each key once, but found `made` again. It is first on line 6."
      ),
      ("{}", "f:6:9: Expected at least one event type, but there is none."),
      ("[]", "f:6:9: Expected a mapping of event types to what they do, but found a list."),
      ("{made: {sql: \"insert into a values (:$idd)\"}}", "f:6:45: Expected one of $id"),
      (
        "{made: {sql: \"delete from a; delete from b\"}}",
        "f:6:36: Expected one statement, but found `;` in it."
      ),
      ("{made: {sql: \"select '\"}}", "f:6:30: Expected the quote `'` to be closed"),
      ("{made: {sql: \"select $1\"}}", "f:6:30: Expected values as :NAME, but found a parameter `$`."),
      ("{made: {sql: []}}", "f:6:22: Expected at least one statement, but there is none."),
      (
        "{made: {sql: \"update Sequitur_Position set next_offset = 0\"}}",
        "f:6:22: Expected a statement about other tables than `sequitur_position`"
      ),
      (
        "{made: {sql: [select 1, 'delete from \"sequitur_event\"']}}",
        "Expected a statement about other tables than"
      ),
      ("{made: {sql: {}}}", "f:6:22: Expected an SQL statement, but found a mapping."),
    ])
  func `a fault of a rule is told with its line, its column and the cure`(events: String, told: String) {
    let faults = faults(file(events: events))
    #expect(faults.contains { $0.hasPrefix(told) || $0.contains(told) && !told.hasPrefix("f:") }, "\(faults)")
  }

  @Test(
    arguments: [
      ("projection: p\nevents: {a: delete}", "f:2:10: Expected a `table` for what the event does to its row"),
      ("projection: 1p\nevents: {a: ignore}", "f:1:13: Expected the projection's name"),
      ("projection: p", "f:1:1: Expected a projection to have the key `events`, but there is none."),
      ("", "f:1:1: Expected a projection, but the file is empty."),
      ("projection: p\nevents: {a: ignore", "f:3:1: Expected YAML, but did not find"),
      (
        "projection: p\ngeneration: 0\nevents: {a: ignore}",
        "f:2:13: Expected a generation, 1 to 1000000, but found `0`."
      ),
      (
        "projection: p\nfrom: stat\nevents: {a: ignore}",
        "f:2:7: Expected one of events, state, now, but found `stat`. Did you mean `state`?"
      ),
      (
        "projection: p\non-error: skip\nevents: {a: ignore}",
        "f:2:11: Expected one of stop, park-key, record, but found `skip`."
      ),
      (
        "projection: p\nfrom: state\nevents: {a: ignore}",
        "f:2:7: Expected the key `state` with what a state sets"
      ),
      ("- a", "f:1:1: Expected a projection with the keys"),
    ])
  func `a fault of the whole is told with its line and its column`(yaml: String, told: String) {
    let faults = faults(yaml)
    #expect(faults.contains { $0.hasPrefix(told) }, "\(faults)")
  }

  @Test func `a fault of the table is told with its line and its column`() {
    for (yaml, told) in [
      (file(key: "{}"), "f:4:8: Expected at least one key column"),
      (
        file(key: "{n: n}", columns: "{n: numeric, t: text}"), "f:4:8: Expected a key column of text, varchar"
      ),
      (file(key: "{n: n}", columns: "{n: timestamptz}"), "f:4:8: Expected a key column of text, varchar"),
      (file(key: "{n: n}", columns: "{n: citext}"), "f:4:8: Expected a key column of text, varchar"),
      (file(key: "{id: null}"), "f:4:13: Expected a value for each key column, but found null."),
      (
        file(key: "{'a b': $key}"),
        "f:4:9: Expected a column's name, of letters, digits and _, but found `a b`."
      ),
      (
        file(columns: "{n: 'bigint; drop table x'}"),
        "f:5:16: Expected a type like text, bigint or timestamptz"
      ),
      (file(columns: "{n: bigint, N: text}"), "f:5:24: Expected another name than `N`, since there is `n`."),
      (
        file().replacing("name: things", with: "name: sequitur_position"),
        "f:3:9: Expected another table than"
      ),
      (file().replacing("name: things", with: "name: a.b.c"), "f:3:9: Expected a table's name like"),
      (file(more: "state: {n: n}"), "f:7:1: Expected `state` with `from: state` alone"),
      (
        file(more: "from: state\nstate: {t: $type}"),
        "f:8:12: Expected what a state has, but `$type` is of events alone."
      ),
    ] {
      let faults = faults(yaml)
      #expect(faults.contains { $0.hasPrefix(told) }, "\(told): \(faults)")
    }
  }

  @Test(arguments: [
    "commit", "BEGIN", "start transaction", "rollback", "savepoint a", "release a", "end", "abort",
    "-- a comment\ncommit", "/* a */ commit and chain", "set local lock_timeout = 0", "reset all",
    "prepare transaction 'x'",
    "pragma journal_mode = delete", "vacuum", "copy a from stdin", "discard all", "( commit",
  ])
  func `a statement that touches the transaction or its settings is refused`(statement: String) {
    let quoted = "\"\(statement.replacing("\n", with: "\\n"))\""
    for events in ["{made: {sql: \(quoted)}}", "{made: {sql: [select 1, \(quoted)]}}"] {
      let faults = faults(file(events: events))
      #expect(
        faults.count == 1 && faults[0].contains("Expected a statement that begins with one of"), "\(faults)")
    }
  }

  @Test(arguments: [
    "insert into a values (1)", "  UPDATE a set b = :n", "-- why\nDelete from a",
    "with x as (select 1) insert into a select 1",
    "(select 1)", "call p(:n)", "/* a */ merge into a using b on true when matched then delete",
  ])
  func `statements about data are taken`(statement: String) {
    let quoted = "\"\(statement.replacing("\n", with: "\\n"))\""
    #expect(faults(file(events: "{made: {sql: \(quoted)}}")) == [])
  }

  @Test func `faults of rules are told beside those of the table, and none that are not there`() {
    for (yaml, told) in [
      (file(key: "{id: }", events: "{made: {upsert: {x: n}}}"), ["f:4:", "f:6:26: Expected a column"]),
      (
        file(columns: "{n: bad type!, t: text}", events: "{made: {upsert: {n: 1, x: 1}}}"),
        ["f:5:16:", "f:6:32:"]
      ),
      (file(key: "{'a b': $key}", events: "{made: {update: {x: 1}}}"), ["f:4:9:", "f:6:26:"]),
      (
        file(events: "{made: {update: {x: 1}}}").replacing("name: things", with: "name: a b"),
        ["f:3:9:", "f:6:26:"]
      ),
      (
        file(columns: "{n: bigint, N: text}", events: "{made: {upsert: {N: 1, x: 1}}}"),
        ["f:5:24:", "f:6:32:"]
      ),
      ("bogus: 1\n" + file(events: "{made: {update: {x: 1}}}"), ["f:1:1:", "f:7:26:"]),
    ] {
      let faults = faults(yaml)
      #expect(faults.count == told.count, "\(faults)")
      for (fault, told) in zip(faults, told) { #expect(fault.hasPrefix(told), "\(faults)") }
    }
  }

  @Test func `all faults are told at once, in the order of the file`() {
    let yaml = """
      projection: 1
      generation: none
      table:
        name: a b
        key: {id: $kye}
      events:
        made: {upsert: {x: $nothing}}
      on-error: maybe
      """
    let faults = ProjectionFile.check(yaml, path: "f").faults
    #expect(faults.map(\.line) == [1, 2, 4, 5, 7, 7, 8], "\(faults)")
    #expect(ProjectionFile.check(yaml, path: "f").definition == nil)
  }

  @Test func `a hundred faults are listed, and the others counted`() {
    let events = (0..<150).map { "  e\($0): {upsert: {x\($0): a}}" }.joined(separator: "\n")
    let faults = faults(file(events: "\n" + events))
    #expect(faults.count == 101)
    #expect(faults.last?.contains("but found 50 more") == true)
  }

  @Test func `bytes that are no UTF-8 and a file that is too long are faults`() {
    let bytes = Array("projection: p\nevents: ".utf8) + [0xff]
    #expect(
      ProjectionFile.check(bytes, path: "f").faults.first?.description.hasPrefix("f:2:9: Expected UTF-8")
        == true)
    let long = String(repeating: "#", count: ProjectionFile.bytesMax + 1)
    #expect(faults(long).first?.hasPrefix("f:1:1: Expected at most 262144 bytes") == true)
    #expect(throws: ProjectionFileUnreadable.self) { try ProjectionFile.check(path: "/dev/zero") }
    #expect(throws: ProjectionFileUnreadable.self) { try ProjectionFile.check(path: "/nowhere") }
  }

  @Test func `faults are JSON where that is asked for`() {
    let json = ProjectionFile.check("projection: p\nevents: {a: \"x\\\"\"}", path: "f\n").json
    #expect(
      json.hasPrefix(#"{"valid":false,"faults":[{"path":"f\n","line":2,"column":13,"message":"Expected"#),
      "\(json)")
  }
}
