import LifecycleRules
import Sequitur
import Testing

/// What commands do to objects beyond keeping their own fields.
struct EffectTests {
  private func driver(_ fields: String, _ commands: String, _ head: String = "") throws -> RulesDriver {
    try RulesDriver(
      "object: o\n\(head)fields: {\(fields)}\nstates: [s, t]\ncommands:\n"
        + commands.split(separator: "\n").map { "  \($0)\n" }.joined())
  }

  @Test func `a new object has its defaults, and keeps them in its state`() throws {
    let rules = try driver(
      "n: {type: integer, default: 7}, d: {type: decimal, scale: 2, default: 1.5}, l: {list: string, default: [a]}",
      "new: {from: none, to: s, event: made, set: [n]}\ngo: {from: s, to: t, unset: [n, l], event: went}")
    try rules.send("new", "{}", key: "a")
    #expect(rules.state("a") == #"{"status":"s","n":7,"d":1.50,"l":["a"]}"#)
    try rules.send("new", #"{"n":1}"#, key: "b")
    #expect(rules.state("b") == #"{"status":"s","n":1,"d":1.50,"l":["a"]}"#)
    try rules.send("go", "{}", key: "b")
    #expect(rules.state("b") == #"{"status":"t","n":7,"d":1.50,"l":["a"]}"#)
  }

  @Test func `an older state without a field reads as its default`() throws {
    let rules = try driver(
      "n: {type: integer, default: 7}",
      "go: {from: s, to: t, when: [\"state.n == 7\"], event: went}\nnew: {from: none, to: s, event: made}")
    rules.states["k"] = Array(#"{"status":"s"}"#.utf8)
    #expect(try rules.send("go", "{}") == .event("went"))
    #expect(rules.state() == #"{"status":"t","n":7}"#)
  }

  @Test(arguments: [
    ("n + 1", "9223372036854775807", "but the value is too large"),
    ("n - 2", "-9223372036854775807", "but the value is too large"),
    ("n * n", "4294967296000", "but the value is too large"),
    ("-n", "-9223372036854775808", "but the value is too large"),
    ("abs(n)", "-9223372036854775808", "but the value is too large"),
    ("n / -1", "-9223372036854775808", "but the value is too large"),
    ("1 / n", "0", "but it divides by zero"),
    ("1 % n", "0", "but it divides by zero"),
  ])
  func `a value that cannot be reckoned is out of range, and changes nothing`(
    expression: String, value: String, reason: String
  ) throws {
    let rules = try driver(
      "n: integer, m: integer",
      "new: {from: none, to: s, event: made}\ngo: {from: s, to: t, require: {n: integer}, set: {m: \"\(expression)\"}, event: went}"
    )
    try rules.send("new", "{}")
    let outcome = try rules.send("go", "{\"n\":\(value)}")
    #expect(outcome == .rejected(.outOfRange, "The command `go` sets `m`, \(reason)"))
    #expect(rules.state() == #"{"status":"s"}"#)
  }

  @Test(arguments: [
    ("n: {type: integer, min: 0}", "n", "-1", "would set `n` to -1, which is below 0"),
    ("n: {type: integer, max: 5}", "n", "6", "would set `n` to 6, which is above 5"),
    ("n: {type: number, min: 0.5}", "n", "0.25", "would set `n` to 0.25, which is below 0.5"),
    ("n: {type: decimal, scale: 2, max: 1}", "n", "1.01", "would set `n` to 1.01, which is above 1.00"),
    (
      "n: {type: string, max-length: 2}", "n", "\"éé€\"",
      "would set `n` to éé€, which is longer than 2 characters"
    ),
    ("n: {list: string, max: 1}", "n", "[\"a\",\"b\"]", "would set `n`, which is longer than 1 items"),
    (
      "n: {type: timestamp, max: 2026-01-01T00:00:00Z}", "n", "\"2026-01-01T00:00:00.001Z\"",
      "would set `n` to 2026-01-01T00:00:00.001Z, which is above 2026-01-01T00:00:00.000Z"
    ),
    ("n: {type: duration, max: 1h}", "n", "\"61m\"", "would set `n` to 1h1m, which is above 1h"),
  ])
  func `a value beyond the bounds of its field is out of range`(
    field: String, name: String, value: String, reason: String
  ) throws {
    let rules = try driver(field, "new: {from: none, to: s, set: [n], event: made}")
    #expect(
      try rules.send("new", "{\"n\":\(value)}") == .rejected(.outOfRange, "The command `new` \(reason)"))
    #expect(rules.state() == nil)
  }

  @Test func `a value that the command itself may not have is an invalid field`() throws {
    let rules = try driver(
      "n: integer",
      "new: {from: none, to: s, require: {q: {type: integer, min: 1, max: 9}, c: {enum: [red, green]}}, event: made}"
    )
    #expect(try rules.send("new", #"{"q":5,"c":"red"}"#) == .event("made"))
    let cases = [
      (#"{"q":0,"c":"red"}"#, "requires the field `q` as an integer, but it is below 1"),
      (#"{"q":10,"c":"red"}"#, "requires the field `q` as an integer, but it is above 9"),
      (#"{"q":1,"c":"blue"}"#, "requires the field `c` as one of red, green, but it is `blue`"),
      (#"{"q":1,"c":1}"#, "requires the field `c` as one of red, green, but it is an integer"),
      (#"{"q":1}"#, "requires the field `c`, but it is missing"),
    ]
    for (payload, reason) in cases {
      #expect(
        try rules.send("new", payload, key: "other")
          == .rejected(.invalidField, "The command `new` " + reason))
    }
  }

  @Test(arguments: [
    ("12.5", "12.50"), ("12", "12.00"), ("12.500", "12.50"), ("1.25e1", "12.50"), ("-0.01", "-0.01"),
    ("0", "0.00"),
    ("\"12.5\"", "12.50"), ("99999999999999999999999999999999.99", "99999999999999999999999999999999.99"),
    ("-99999999999999999999999999999999.99", "-99999999999999999999999999999999.99"),
    ("9007199254740993.01", "9007199254740993.01"), ("1e-2", "0.01"),
    ("12.555", nil), ("100000000000000000000000000000000.00", nil), ("\"abc\"", nil), ("\"\"", nil),
    ("true", nil),
    ("\" 1\"", nil), ("\"1.\"", nil), ("1e300", nil), ("[1]", nil),
  ])
  func `a decimal is taken exactly or not at all`(json: String, kept: String?) throws {
    let rules = try driver(
      "d: {type: decimal, scale: 2}",
      "new: {from: none, to: s, require: {d: {type: decimal, scale: 2}}, set: [d], event: made}\ngo: {from: s, to: t, event: went}"
    )
    let outcome = try rules.send("new", "{\"d\":\(json)}")
    #expect(outcome.code == (kept == nil ? .invalidField : nil), "\(outcome)")
    #expect(rules.state() == kept.map { "{\"status\":\"s\",\"d\":\($0)}" })
    guard let kept else { return }
    // What was written is read again.
    try rules.send("go", "{}")
    #expect(rules.state() == "{\"status\":\"t\",\"d\":\(kept)}")
  }

  @Test(arguments: [
    ("\"2026-11-23T13:05:00Z\"", 1_795_439_100_000),
    ("\"2026-11-23T14:05:00.1239+01:00\"", 1_795_439_100_123),
    ("1795439100000", 1_795_439_100_000), ("\"1969-12-31T23:59:59.999Z\"", -1),
    ("\"0000-01-01T00:00:00Z\"", -62_167_219_200_000),
    ("\"2024-02-29t00:00:00z\"", 1_709_164_800_000),
    ("\"2023-02-29T00:00:00Z\"", nil), ("\"2026-11-23\"", nil), ("\"2026-11-23T13:05:00\"", nil),
    ("\"soon\"", nil),
    ("1.5", nil), ("\"2026-13-01T00:00:00Z\"", nil), ("\"2026-11-23T24:00:00Z\"", nil),
    ("\"2026-11-23T13:05:00.Z\"", nil),
  ])
  func `a time is taken as RFC 3339 or milliseconds, and kept in milliseconds`(json: String, kept: Int?)
    throws
  {
    let rules = try driver(
      "t: timestamp", "new: {from: none, to: s, require: {t: timestamp}, set: [t], event: made}")
    let outcome = try rules.send("new", "{\"t\":\(json)}")
    #expect(outcome.code == (kept == nil ? .invalidField : nil), "\(outcome)")
    #expect(rules.state() == kept.map { "{\"status\":\"s\",\"t\":\($0)}" })
  }

  @Test func `the first alternative that fits decides, and else the furthest one says why`() throws {
    let rules = try driver(
      "n: {type: integer, default: 0}",
      """
      new: {from: none, to: s, event: made}
      add:
        - {from: s, to: same, require: {by: integer}, when: [{if: "by < 10", else: x-first}], set: {n: "state.n + by"}, event: added}
        - {from: s, to: t, require: {by: integer}, when: [{if: "by < 20", else: x-second, reason: "{by} of {state.n} is {{too}} much"}], event: ended}
      """)
    #expect(try rules.send("add", #"{"by":1}"#).code == .notFound)
    try rules.send("new", "{}")
    #expect(try rules.send("add", #"{"by":1}"#) == .event("added"))
    #expect(try rules.send("add", #"{"by":"x"}"#).code == .invalidField)
    #expect(try rules.send("add", #"{"by":30}"#) == .rejected(.custom("second"), "30 of 1 is {too} much"))
    #expect(try rules.send("add", #"{"by":15}"#) == .event("ended"))
    #expect(rules.state() == #"{"status":"t","n":1}"#)
    #expect(
      try rules.send("add", #"{"by":1}"#)
        == .rejected(.invalidTransition, "The command `add` needs status s, but the object has status t"))
  }

  @Test func `events see the object after the command, several make several versions`() throws {
    let rules = try driver(
      "n: {type: integer, default: 0}, note: string",
      """
      new: {from: none, to: s, event: made}
      add: {from: s, to: same, require: {by: integer}, optional: {note: string}, set: {n: "state.n + by", note: note}, event: [first, {type: second, payload: {n: "state.n", note: note, key: $key, at: $time, version: $version}}]}
      end: {from: s, to: none, event: [first, last]}
      """)
    try rules.send("new", "{}")
    #expect(try rules.send("add", #"{"by":2}"#, at: 99) == .event("first+second"))
    #expect(rules.payloadText == #"{"n":2,"key":"k","at":99,"version":1}"#)
    #expect(rules.versions["k"] == 3)
    #expect(try rules.send("add", #"{"by":2,"note":"x\""}"#) == .event("first+second"))
    #expect(rules.payloadText == #"{"n":4,"note":"x\"","key":"k","at":0,"version":3}"#)
    // An optional field that is missing leaves the kept one as it is.
    try rules.send("add", #"{"by":0}"#)
    #expect(rules.state() == #"{"status":"s","n":4,"note":"x\""}"#)
    #expect(try rules.send("end", "{}") == .event("first+last"))
    #expect(rules.state() == nil)
  }

  @Test func `fields that no rule names are kept, dropped or refused`() throws {
    let commands = "new: {from: none, to: s, require: {a: integer}, optional: {b: string}, event: made}"
    let payload = #"{"type":"new", "a":1,"x":{"y":[1,"}"]}, "\u0062":"b" ,"z":null}"#
    let keep = try driver("n: integer", commands)
    try keep.send(nil, payload)
    #expect(keep.payloadText == payload)
    let drop = try driver("n: integer", commands, "unknown-fields: drop\n")
    try drop.send(nil, payload)
    #expect(drop.payloadText == #"{"type":"new","a":1,"\u0062":"b"}"#)
    let reject = try driver("n: integer", commands, "unknown-fields: reject\n")
    #expect(try reject.send(nil, payload) == .rejected(.invalidField, "The command `new` knows no field `x`"))
    #expect(try reject.send(nil, #"{"type":"new","a":1,"b":"x"}"#) == .event("made"))
  }

  @Test func `lists gain and lose items`() throws {
    let rules = try driver(
      "l: {list: string, max: 3, default: []}",
      """
      new: {from: none, to: s, event: made}
      add: {from: s, to: same, require: {x: string}, when: [{if: "not (x in state.l)", else: x-there}], set: {l: "state.l + x"}, event: added}
      del: {from: s, to: same, require: {x: string}, set: {l: "state.l - x"}, event: {type: gone, payload: {left: length(state.l), l: state.l}}}
      """)
    try rules.send("new", "{}")
    for name in ["a", "b\\\"", "c"] {
      #expect(try rules.send("add", "{\"x\":\"\(name)\"}") == .event("added"))
    }
    #expect(rules.state() == #"{"status":"s","l":["a","b\"","c"]}"#)
    #expect(try rules.send("add", #"{"x":"a"}"#).code == .custom("there"))
    #expect(try rules.send("add", #"{"x":"d"}"#).code == .outOfRange)
    #expect(try rules.send("del", #"{"x":"a"}"#) == .event("gone"))
    #expect(rules.payloadText == #"{"left":2,"l":["b\"","c"]}"#)
  }

  @Test func `a guard whose field is missing fails, a value whose field is missing is an invalid field`()
    throws
  {
    let rules = try driver(
      "n: integer, m: integer",
      """
      new: {from: none, to: s, set: [n], event: made}
      ask: {from: s, to: same, when: ["state.n + 1 > 0 or true"], event: asked}
      has: {from: s, to: same, when: ["has(state.n) and state.n > 0"], event: had}
      set: {from: s, to: same, set: {m: "state.n + 1"}, event: did}
      same: {from: s, to: same, set: {m: state.n}, event: did}
      """)
    try rules.send("new", "{}")
    #expect(
      try rules.send("ask", "{}")
        == .rejected(
          .guardFailed,
          "The command `ask` on an object with status s requires state.n + 1 > 0 or true, but state.n is missing"
        ))
    #expect(
      try rules.send("has", "{}").reason
        == "The command `has` on an object with status s requires has(state.n) and state.n > 0, which does not hold"
    )
    #expect(
      try rules.send("set", "{}")
        == .rejected(.invalidField, "The command `set` sets `m`, but state.n is missing"))
    #expect(try rules.send("same", "{}") == .event("did"))
    #expect(rules.state() == #"{"status":"s"}"#)
  }

  @Test func `the time of a command without a timestamp is missing, like a field`() throws {
    let rules = try driver(
      "t: timestamp",
      """
      new: {from: none, to: s, event: made}
      past: {from: s, to: same, when: ["$time < '2027-01-01T00:00:00Z'"], event: past}
      or: {from: s, to: same, when: ["true or $time > '2027-01-01T00:00:00Z'"], event: either}
      set: {from: s, to: same, set: {t: $time + 1h}, event: did}
      tell: {from: s, to: same, event: {type: told, payload: {at: $time}}}
      """)
    try rules.send("new", "{}", at: -1)
    let past = try rules.send("past", "{}", at: -1)
    #expect(past.reason?.hasSuffix(", but $time is missing") == true, "\(past)")
    #expect(try rules.send("or", "{}", at: -1) == .event("either"))
    for (command, place) in [("set", "sets `t`"), ("tell", "puts into its event `at`")] {
      #expect(
        try rules.send(command, "{}", at: -1)
          == .rejected(
            .invalidField, "The command `\(command)` \(place), but the command's record has no timestamp"))
    }
    // Any other is a time.
    #expect(try rules.send("past", "{}", at: -2) == .event("past"))
    #expect(try rules.send("set", "{}", at: -2) == .event("did"))
    #expect(rules.state() == #"{"status":"s","t":3599998}"#)
  }
}
