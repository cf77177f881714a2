import LifecycleRules
import Sequitur
import Testing

/// What each difference between two versions of rules means.
struct RulesDiffTests {
  static let old = """
    object: item
    version: 1
    fields:
      price: number
      total: {type: integer, default: 0, min: 0}
      colour: {enum: [red, green]}
      until: timestamp
      amount: {type: decimal, scale: 2}
    states: [open, held, closed]
    commands:
      create: {from: none, to: open, require: {total: integer}, set: [total, colour, until, amount, price], event: created}
      hold: {from: open, to: held, event: held}
      close:
        from: [open, held]
        to: closed
        optional: {note: {type: string, max-length: 10}}
        when: [state.total > 0]
        unset: [until]
        event: closed
      add: {from: open, to: same, require: {by: {type: integer, min: 1}}, set: {total: state.total + by}, event: {type: added, payload: {by: by}}}
    """

  /// A difference, made by replacing texts in the old rules, and what is said of it.
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let changes: [(String, String)]
    let said: [String]

    var testDescription: String { name }
    var new: String {
      changes.reduce(RulesDiffTests.old) { text, change in text.replacing(change.0, with: change.1) }
    }
  }

  static let rows: [Row] = [
    Row(name: "nothing", changes: [("item\n", "item # a comment\n")], said: []),
    Row(
      name: "object renamed", changes: [("object: item", "object: thing")],
      said: [
        "refused: object: it was item and is thing: the states are another kind of object's. Write object: item, or give the rules an application id and topics of their own."
      ]),
    Row(
      name: "version raised", changes: [("version: 1", "version: 2")],
      said: [
        "compatible: version: it goes from 1 to 2: a worker with the old rules no longer serves what one with the new ones has changed."
      ]),
    Row(
      name: "status gone",
      changes: [
        ("open, held, closed]", "open, closed]"), ("to: held,", "to: open,"), ("[open, held]", "[open]"),
      ],
      said: [
        "needs migration: status held: it is gone, and objects that have it could not be read. Write version: 2 and migrate: {from: 1, states: {held: …}}.",
        "compatible: command close: stricter: it is not allowed from held any more.",
        "compatible: command hold: it led to held and leads to open.",
      ]),
    Row(
      name: "status renamed, and migrated",
      changes: [
        ("version: 1", "version: 2\nmigrate: {from: 1, states: {held: reserved}}"),
        ("open, held, closed]", "open, reserved, closed]"), ("to: held,", "to: reserved,"),
        ("[open, held]", "[open, reserved]"),
      ],
      said: [
        "compatible: version: it goes from 1 to 2: a worker with the old rules no longer serves what one with the new ones has changed.",
        "compatible: status held: it is gone; objects that have it are read as reserved.",
        "compatible: status reserved: it is new.",
      ]),
    Row(
      name: "status renamed, migrated, and no more where it was",
      changes: [
        ("version: 1", "version: 2\nmigrate: {from: 1, states: {held: reserved}}"),
        ("open, held, closed]", "open, reserved, closed]"), ("to: held,", "to: reserved,"),
        ("[open, held]", "[open]"),
      ],
      said: [
        "compatible: version: it goes from 1 to 2: a worker with the old rules no longer serves what one with the new ones has changed.",
        "compatible: status held: it is gone; objects that have it are read as reserved.",
        "compatible: status reserved: it is new.",
        "compatible: command close: stricter: it is not allowed from reserved any more.",
      ]),
    Row(
      name: "status renamed, and not migrated",
      changes: [
        ("version: 1", "version: 2"), ("open, held, closed]", "open, reserved, closed]"),
        ("to: held,", "to: reserved,"), ("[open, held]", "[open, reserved]"),
      ],
      said: [
        "needs migration: status held: it is gone, and objects that have it could not be read. Write migrate: {from: 1, states: {held: reserved}}.",
        "compatible: version: it goes from 1 to 2: a worker with the old rules no longer serves what one with the new ones has changed.",
        "compatible: status reserved: it is new.",
        "compatible: command close: stricter: it is not allowed from held any more.",
        "compatible: command close: looser: it is allowed from reserved too.",
        "compatible: command hold: it led to held and leads to reserved.",
      ]),
    Row(
      name: "field of another type", changes: [("price: number", "price: {type: decimal, scale: 2}")],
      said: [
        "needs migration: field price: number is now decimal(2), which cannot read the older values. Write version: 2 and migrate: {from: 1, fields: {price: \"decimal(state.price)\"}}."
      ]),
    Row(
      name: "field of another type, and migrated",
      changes: [
        ("version: 1", "version: 2\nmigrate: {from: 1, fields: {price: decimal(state.price)}}"),
        ("price: number", "price: {type: decimal, scale: 2}"),
      ],
      said: [
        "compatible: version: it goes from 1 to 2: a worker with the old rules no longer serves what one with the new ones has changed.",
        "compatible: field price: number is now decimal(2); older states are read by decimal(state.price).",
      ]),
    Row(
      name: "migrated from a field that was not",
      changes: [
        ("version: 1", "version: 2\nmigrate: {from: 1, fields: {price: decimal(state.prise)}}"),
        ("price: number", "price: {type: decimal, scale: 2}"),
      ],
      said: [
        "needs migration: field price: migrate reads state.prise, but states of version 1 have no field prise. Write one of amount, colour, price, total, until.",
        "compatible: version: it goes from 1 to 2: a worker with the old rules no longer serves what one with the new ones has changed.",
        "compatible: field price: number is now decimal(2); older states are read by decimal(state.prise).",
      ]),
    Row(
      name: "field of a type that reads the older one",
      changes: [("until: timestamp", "until: integer"), ("scale: 2}\nstates", "scale: 4}\nstates")],
      said: [
        "compatible: field amount: decimal(2) is now decimal(4), which reads the older values.",
        "compatible: field until: timestamp is now integer, which reads the older values.",
      ]),
    Row(
      name: "fewer places", changes: [("scale: 2}\nstates", "scale: 1}\nstates")],
      said: [
        "needs migration: field amount: decimal(2) is now decimal(1), which cannot read the older values. Write version: 2 and migrate: {from: 1, fields: {amount: \"decimal(state.amount)\"}}."
      ]),
    Row(
      name: "enum with fewer texts", changes: [("[red, green]", "[red, blue]")],
      said: [
        "compatible: field colour: enum(\"green\",\"red\") is now enum(\"blue\",\"red\"): \"green\" is gone; objects may hold it until a command sets the field."
      ]),
    Row(
      name: "field gone, field new",
      changes: [
        ("  until: timestamp\n", "  since: timestamp\n"), ("colour, until,", "colour, since,"),
        ("[until]", "[since]"),
      ],
      said: [
        "compatible: field since: it is new: it is missing in objects that exist until a command sets it.",
        "compatible: field until: it is gone: older states are read without it, and lose it with the next command.",
        "compatible: command close: it sets since not at all before, to nothing now.",
        "compatible: command close: it sets until to nothing before, not at all now.",
        "compatible: command create: it sets since not at all before, to the command's now.",
        "compatible: command create: it sets until to the command's before, not at all now.",
      ]),
    Row(
      name: "bounds and default",
      changes: [("default: 0, min: 0}", "default: 5, min: 1, max: 9}")],
      said: [
        "compatible: field total: tighter: max was not set and is 9; values that exist stay as they are.",
        "compatible: field total: tighter: min was 0 and is 1; values that exist stay as they are.",
        "compatible: field total: its default was 0 and is 5: objects keep what is written in their state.",
      ]),
    Row(
      name: "wider bounds, no default", changes: [("default: 0, min: 0}", "min: -10}")],
      said: [
        "compatible: field total: wider: min was 0 and is -10.",
        "compatible: field total: its default was 0: objects that have it written keep it, for others it is missing.",
      ]),
    Row(
      name: "default new", changes: [("until: timestamp", "until: {type: timestamp, default: 0}")],
      said: [
        "compatible: field until: its default is @0 now: objects without the field read it as that."
      ]),
    Row(
      name: "unknown fields", changes: [("version: 1", "version: 1\nunknown-fields: reject")],
      said: [
        "compatible: unknown-fields: keep is now reject: commands with fields that no rule names are rejected from now on, as invalid-field."
      ]),
    Row(
      name: "command gone, command new", changes: [("  hold: {", "  keep: {")],
      said: [
        "compatible: command hold: it is gone: such commands are rejected as unknown-command from now on, also those that wait.",
        "compatible: command keep: it is new.",
      ]),
    Row(
      name: "stricter guards", changes: [("[state.total > 0]", "[state.total > 0, \"has(note)\"]")],
      said: ["compatible: command close: stricter: `has(note)` must hold too."]),
    Row(
      name: "looser guards", changes: [("    when: [state.total > 0]\n", "")],
      said: ["compatible: command close: looser: `state.total > 0` need not hold any more."]),
    Row(
      name: "another guard", changes: [("[state.total > 0]", "[{if: state.total > 1, else: x-few}]")],
      said: ["compatible: command close: `state.total > 0` is now `state.total > 1` (else x-few)."]),
    Row(
      name: "commands' fields",
      changes: [
        (
          "optional: {note: {type: string, max-length: 10}}", "require: {note: {type: string, max-length: 5}}"
        ),
        ("{by: {type: integer, min: 1}}", "{by: number}"),
        ("set: {total: state.total + by}", "set: {total: state.total + 1}"),
      ],
      said: [
        "compatible: command add: its field by was integer and is number: values of another type are rejected as invalid-field.",
        "compatible: command add: it sets total to `state.total + by` before, to `state.total + 1` now.",
        "compatible: command close: stricter: the field note is required now.",
        "compatible: command close: its field note: tighter: max-length was 10 and is 5; commands beyond are rejected as invalid-field.",
      ]),
    Row(
      name: "events",
      changes: [
        ("event: closed", "event: [closed, archived]"),
        ("payload: {by: by}", "payload: {by: by, total: state.total}"),
      ],
      said: [
        "compatible: command add: the payload of added is another.",
        "compatible: command close: it made closed and makes closed and archived: consumers must know it.",
      ]),
    Row(
      name: "alternatives",
      changes: [
        (
          "hold: {from: open, to: held, event: held}",
          "hold: [{from: open, to: held, event: held}, {from: held, to: same, event: held}]"
        )
      ],
      said: [
        "compatible: command hold: it had 1 alternative and has 2 alternatives: commands may be decided otherwise."
      ]),
  ]

  private func rules(_ yaml: String) throws -> Rules { try RulesFile.parse(yaml, path: "r") }

  @Test(arguments: rows) func `each difference is told with what it means`(row: Row) throws {
    let diff = try RulesDiff(from: rules(Self.old), to: rules(row.new))
    let said = diff.description.split(separator: "\n").map(String.init)
    #expect(Set(said) == Set(row.said), "\(diff.description)")
    #expect(said.count == row.said.count)
    #expect(diff.isReadable == !row.said.contains { !$0.hasPrefix("compatible") })
    // What keeps a worker from starting comes first.
    #expect(said.map { $0.prefix { $0 != ":" } } == said.map { $0.prefix { $0 != ":" } }.sorted(by: >))
  }

  @Test(arguments: rows) func `a worker that knows only the states' form decides as the whole diff does`(
    row: Row
  ) throws {
    let (old, new) = try (rules(Self.old), rules(row.new))
    var forms = StateForms()
    forms.add(StateForms.Form(version: old.version, text: old.stateForm))
    let former = FormerDecider(fingerprint: old.fingerprint, forms: forms)
    let isReadable = if case .readable = new.change(from: former) { true } else { false }
    #expect(isReadable == RulesDiff(from: old, to: new).isReadable)
  }

  @Test func `version 2 is not gone on with by version 1`() throws {
    let newer = Self.old.replacing("version: 1", with: "version: 2")
    let diff = try RulesDiff(from: rules(newer), to: rules(Self.old))
    #expect(
      diff.description
        == "refused: version: it goes back from 2 to 1, and states of version 2 may exist. Write version: 2, or one above it."
    )
  }

  @Test func `states of several versions are judged each by its own form`() throws {
    let one = try rules(Self.old)
    let two = try rules(
      Self.old.replacing("version: 1", with: "version: 2").replacing("price: number", with: "price: string"))
    // The third reads what the second wrote, and says nothing of the first.
    let third = Self.old.replacing("version: 1", with: "version: 3").replacing(
      "price: number", with: "price: string")
    var forms = StateForms()
    for rules in [one, two] { forms.add(StateForms.Form(version: rules.version, text: rules.stateForm)) }
    let former = FormerDecider(fingerprint: two.fingerprint, forms: forms)
    guard case .unreadable(let lines) = try rules(third).change(from: former) else {
      Issue.record("states of version 1 are said to be readable")
      return
    }
    #expect(
      lines.count == 1 && lines[0].contains("migrate: {from: 1, fields: {price: \"string(state.price)\"}}"))
    let mended = third.replacing(
      "version: 3", with: "version: 3\nmigrate: {from: 1, fields: {price: string(state.price)}}")
    #expect(
      try rules(mended).change(from: former)
        == .readable("the rules have changed; the states that exist are read"))
  }

  @Test func `what has changed is told in one line when the former rules are known`() throws {
    let old = try rules(Self.old)
    let new = try rules(
      Self.old.replacing("state.total > 0", with: "state.total > 1").replacing("hold:", with: "keep:"))
    let former = FormerDecider(fingerprint: old.fingerprint, definition: old.normalForm, forms: StateForms())
    #expect(
      new.change(from: former)
        == .readable(
          "the rules have changed (command close, command hold, command keep); the states that exist are read"
        ))
  }

  @Test func `the fingerprint is that of what is decided, not of the file's look`() throws {
    let one = try rules(Self.old)
    let same = try rules(
      "# other\n" + Self.old.replacing("states: [open, held, closed]", with: "states: [closed, held, open]"))
    #expect(one.fingerprint == same.fingerprint)
    #expect("\(one.fingerprint)".hasPrefix("item@1/"))
    for row in Self.rows where !row.said.isEmpty {
      #expect(try rules(row.new).fingerprint != one.fingerprint, "\(row.name)")
    }
    let migrated = try rules(
      Self.old.replacing("version: 1", with: "version: 2\nmigrate: {from: 1, states: {lent: held}}"))
    #expect(
      try migrated.fingerprint != rules(Self.old.replacing("version: 1", with: "version: 2")).fingerprint)
  }

  @Test func `the report as JSON has each difference`() throws {
    let diff = try RulesDiff(from: rules(Self.old), to: rules(Self.rows[3].new))
    #expect(
      diff.json.hasPrefix(
        "{\"readable\":false,\"changes\":[{\"severity\":\"needs-migration\",\"kind\":\"status\""))
  }
}
