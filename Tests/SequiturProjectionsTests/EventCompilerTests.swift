import Testing

@testable import SequiturProjections

/// From an event to what it does to its row.
@Suite struct EventCompilerTests {
  private func row(
    _ event: ProjectedEvent, _ yaml: String = Orders.yaml
  ) throws -> RowChange? {
    try CompiledEvent(event, try Orders.definition(yaml))?.row
  }

  /// One column `v` of a type, set to a value.
  private func cell(
    _ type: String, _ value: String = "v", _ payload: String? = nil, headers: [String: String] = [:],
    key: String = "k"
  ) throws -> Cell {
    let yaml = """
      projection: p
      table: {name: t, key: {id: $key}, columns: {v: \(type)}}
      events: {e: {upsert: {v: \(value)}}}
      """
    let row = try row(
      Orders.event("e", key: key, version: 7, payload, offset: 5, headers: headers), yaml)
    return try #require(row).sets[0]
  }

  @Test func `an event becomes a change of its row`() throws {
    let created = Orders.event("created", key: "o-2", version: 1, #"{"customer":"Bo","total":80,"note":[1]}"#)
    #expect(
      try row(created)
        == RowChange(
          .upsert, key: [.text("o-2")],
          sets: [
            1: .text("Bo"), 2: .integer(80), 3: .text("open"), 5: .integer(1),
            6: .text("2026-11-30T09:03:36.752Z"),
          ]))
    #expect(
      try row(Orders.event("paid", nil))
        == RowChange(.update, key: [.text("o-1")], sets: [3: .text("paid")], increments: [4: .integer(1)]))
    #expect(try row(Orders.event("purged")) == RowChange(.delete, key: [.text("o-1")]))
    #expect(try row(Orders.event("unheard-of")) == nil)
  }

  @Test func `a field that is missing, or null, or without a payload, is null`() throws {
    for payload in [#"{"total":null}"#, "{}", "", nil] {
      let row = try #require(try row(Orders.event("amended", payload)))
      #expect(row.sets == [.null, .integer(1)])
    }
  }

  @Test(
    arguments: [
      ("$key", Cell.text("k")), ("$version", .text("7")), ("$type", .text("e")), ("$partition", .text("0")),
      ("$offset", .text("5")), ("$id", .text("commands/0/5/0")), ("$time", .text("2026-11-30T09:03:36.752Z")),
      ("$header.traceparent", .text("00-1")), ("$header.none", .null),
      ("$payload", .text(#"{"a":{"b":[1,"x"]}}"#)),
      ("a.b", .text(#"[1,"x"]"#)), ("/a/b/1", .text("x")), ("/a/b/2", .null), ("/a/b/1/c", .null),
      ("\"'it''s'\"", .text("it's")), ("true", .text("true")), ("1.50", .text("1.50")), ("null", .null),
    ])
  func `each value is what the event has`(value: String, expected: Cell) throws {
    #expect(
      try cell("text", value, #"{"a":{"b":[1,"x"]}}"#, headers: ["traceparent": "00-1"]) == expected)
  }

  @Test func `of a member that repeats the last one counts, with all inside of it`() throws {
    #expect(try cell("text", "a.b", #"{"a":{"b":"1"},"a":{"c":"2"}}"#) == .null)
    #expect(try cell("text", "a.b", #"{"a":{"b":"1"},"a":{"b":"2"}}"#) == .text("2"))
    #expect(try cell("text", "a", #"{"a":"1","\u0061":"2"}"#) == .text("2"))
  }

  @Test(
    arguments: [
      ("bigint", "9223372036854775807", Cell.integer(.max)),
      ("integer", "-2147483648", .integer(-2_147_483_648)),
      ("smallint", "32767", .integer(32767)),
      (
        "\"numeric(32,2)\"", "123456789012345678901234567890.25", .number("123456789012345678901234567890.25")
      ),
      ("double precision", "1e300", .number("1e300")), ("boolean", "true", .boolean(true)),
      ("timestamptz", "\"2026-02-28T23:59:59+01:00\"", .text("2026-02-28T23:59:59+01:00")),
      ("date", "\"2024-02-29\"", .text("2024-02-29")), ("jsonb", "{\"b\": 1}", .text("{\"b\": 1}")),
      ("jsonb", "\"x\"", .text("\"x\"")), ("bytea", "\"é\"", .bytes([0xc3, 0xa9])),
      ("uuid", "\"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11\"", .text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
      ("text", "12345678901234567890123", .text("12345678901234567890123")),
      ("inet", "\"::1\"", .text("::1")), ("varchar(3)", "\"日本語\"", .text("日本語")),
      ("\"numeric(3,1)\"", "-99.90e0", .number("-99.90e0")), ("\"numeric(2)\"", "0.9e2", .number("0.9e2")),
      ("\"numeric(2,4)\"", "0.0099", .number("0.0099")), ("\"numeric(3,1)\"", "0.000", .number("0.000")),
      ("real", "1e38", .number("1e38")), ("real", "0e-400", .number("0e-400")),
      ("jsonb", #""a\\u0000 \ud83d\ude00""#, .text(#""a\\u0000 😀""#)),
      ("timestamptz", "\"0001-01-01T00:00:00-15:59\"", .text("0001-01-01T00:00:00-15:59")),
      ("\"varchar(3)[]\"", "\"{four}\"", .text("{four}")),
    ])
  func `a value that fits its column is passed on exactly`(type: String, value: String, expected: Cell) throws
  {
    #expect(try cell(type, "v", "{\"v\":\(value)}") == expected)
  }

  @Test(
    arguments: [
      ("bigint", "9223372036854775808"), ("bigint", "-9223372036854775809"), ("bigint", "1.5"),
      ("bigint", "1e3"),
      ("bigint", "\"1\""), ("bigint", "true"), ("bigint", "[1]"), ("integer", "2147483648"),
      ("smallint", "-32769"),
      ("numeric", "\"1\""), ("\"numeric(5,2)\"", "1.255"), ("\"decimal(5)\"", "1.5"), ("numeric", "true"),
      ("real", "\"x\""),
      ("boolean", "1"),
      ("boolean", "\"true\""), ("text", "\"a\\u0000b\""), ("varchar(3)", "\"\\u0000\""),
      ("timestamptz", "\"2026-02-30T00:00:00Z\""), ("timestamptz", "\"yesterday\""), ("timestamptz", "1"),
      ("timestamptz", "\"2026-02-01T25:00:00Z\""), ("date", "\"2025-02-29\""), ("date", "\"2025-2-9\""),
      ("varchar(3)", "\"four\""), ("character varying(3)", "\"日本語日\""), ("char", "\"ab\""),
      ("varchar(3)", "1234"), ("varchar(2)", "\"a  \""), ("\"numeric(3,1)\"", "1234"),
      ("\"numeric(3,1)\"", "1e2"), ("\"decimal(2)\"", "100"), ("\"numeric(3,1)\"", "125e-2"),
      ("\"numeric(2,4)\"", "0.01"), ("numeric", "1e-16384"),
      ("real", "1e39"), ("real", "1e-60"),
      ("double precision", "1e-400"), ("jsonb", #""\u0000""#), ("jsonb", #"{"a":"x\u0000"}"#),
      ("timestamptz", "\"0000-01-01T00:00:00Z\""), ("timestamptz", "\"2026-01-01T00:00:00+16:00\""),
      ("date", "\"0000-01-01\""),
      ("date", "20250101"), ("uuid", "\"a0eebc99\""), ("bytea", "1"),
    ])
  func `a value that does not fit is told with its column, and nothing is rounded`(
    type: String, value: String
  ) throws {
    let fault = try #require(throws: ValueFault.self) { try cell(type, "v", "{\"v\":\(value)}") }
    #expect(fault.message.hasPrefix("Expected ") && fault.message.hasSuffix("for the column v"), "\(fault)")
  }

  @Test(arguments: ["[1]", "{", "nonsense", "{\"v\":1e400}", "{\"v\":\"\\ud800\"}", "{\"v\":1}x", "\u{0}"])
  func `a payload that is no JSON object is told`(payload: String) throws {
    let fault = try #require(throws: ValueFault.self) { try cell("text", "v", payload) }
    #expect(fault.message.hasPrefix("Expected a JSON object as payload, but "), "\(fault)")
    // Who reads nothing of it does not mind.
    #expect(try cell("bytea", "$payload", payload) == .bytes(Array(payload.utf8)))
  }

  @Test func `a key that is null, and an amount that is null, are told`() throws {
    let yaml = """
      projection: p
      table: {name: t, key: {customer: customer}, columns: {n: bigint}}
      events: {e: {upsert: {}, increment: {n: amount}}}
      """
    #expect(
      try row(Orders.event("e", #"{"customer":"Bo","amount":-2}"#), yaml)
        == RowChange(.upsert, key: [.text("Bo")], increments: [1: .integer(-2)]))
    for payload in [#"{"amount":1}"#, #"{"customer":"Bo"}"#, #"{"customer":"Bo","amount":"1"}"#, "{}"] {
      #expect(throws: ValueFault.self) { try row(Orders.event("e", payload), yaml) }
    }
  }

  @Test func `what cannot be text is no text, and bytes where bytes are wanted`() throws {
    var event = Orders.event("e")
    event = ProjectedEvent(
      partition: 0, offset: 0, command: 0, key: [0xff], version: 1, payload: nil, timestamp: 0,
      headers: event.headers)
    for (type, cell) in [("text", nil), ("bytea", Cell.bytes([0xff]))] {
      let yaml =
        "projection: p\ntable: {name: t, key: {id: $key}, columns: {id: \(type)}}\nevents: {e: {upsert: {}}}"
      if let cell {
        #expect(try row(event, yaml)?.key == [cell])
      } else {
        #expect(throws: ValueFault.self) { try row(event, yaml) }
      }
    }
  }

  @Test func `statements get their values as parameters`() throws {
    let yaml = """
      projection: p
      events:
        "*": {sql: ["insert into audit values (:$id, :n, :ok)", "delete from x where b = :n"]}
      """
    let definition = try Orders.definition(yaml)
    let change = try #require(
      try CompiledEvent(Orders.event("any", #"{"n":99999999999999999999,"ok":true}"#), definition))
    #expect(change.row == nil)
    #expect(
      change.statements.map(\.parameters)
        == [
          [.text("commands/0/0/0"), .number("99999999999999999999"), .boolean(true)],
          [.number("99999999999999999999")],
        ])
    #expect(throws: ValueFault.self) {
      try CompiledEvent(Orders.event("any", #"{"n":"\u0000"}"#), definition)
    }
  }

  @Test func `the normal form is that of another layout, and not that of another rule`() throws {
    let plain = try Orders.definition().normalForm
    let other = Orders.yaml.replacing("on-error: stop", with: "on-error: record")
      .replacing("  amended: {update: {total: total, version: $version}}\n", with: "")
      .replacing(
        "purged:  delete", with: "purged: delete\n  amended: {update: {version: $version, total: total}}")
    #expect(try Orders.definition(other).normalForm == plain)
    for (old, new) in [
      ("$version", "null"), ("bigint", "text"), ("'open'", "'new'"), ("purged", "gone"),
      ("increment: {payments: 1}", "increment: {payments: 2}"),
    ] {
      #expect(try Orders.definition(Orders.yaml.replacing(old, with: new)).normalForm != plain, "\(old)")
    }
  }
}
