import LifecycleRules
import RulesModel
import Sequitur
import SequiturProjections
import SequiturSettings

/// Files that people write. Their one part is the file.
extension FuzzTarget {
  static let rules = FuzzTarget(
    "rules", "files of rules, and what is made from those that are right",
    corpus: [
      ["object: o\nstates: [a, b]\ncommands:\n  c: {from: none, to: a, event: d}\n"],
      [
        "object: o\nfields: {n: {type: integer, default: 0, min: 0}, s: string}\nstates: [a]\ncommands:\n"
          + "  c:\n    from: [none, a]\n    to: a\n    event: d\n    require: {x: {type: integer, max: 9}}\n"
          + "    when:\n      - if: x <= state.n + 10 and (length(state.s) > 1 or not has(state.s))\n"
          + "        else: x-over\n        reason: \"{x} of {state.n}\"\n    set: {n: state.n + x * 2}\n"
      ],
      [
        "object: o\nversion: 2\nfields: {p: {type: decimal, scale: 2}, t: timestamp, d: duration, e: {enum: [x, y]}}\n"
          + "states: [a]\nmigrate: {from: 1, states: {z: a}, fields: {p: decimal(1, 2)}}\ncommands:\n"
          + "  c: {from: none, to: same, event: d, set: {t: $time, p: round(1.25, 1)}, when: [\"$time - state.t > 10m\"]}\n"
          + "examples:\n  - name: n\n    given: [{c: {}}]\n    when: {c: {q: 1}}\n    then: {event: d, state: {status: a}}\n"
      ],
      [FuzzedRules.example("Rules/bank-account.yaml")],
    ],
    words: [
      "object: ", "states: ", "commands: ", "from: ", "to: ", "event: ", "when: ", "set: ", "require: ",
      "migrate: ",
      "none", "same", "state.", "$time", "10m", " and ", " or ", "not ", "min(", "round(", "has(", "==", "<=",
      "'", "- ",
      ": ", "  ", "&a ", "*a", "|", ">", "type: decimal", "scale: 34", "enum: []", "? ", "!!int ", "<<: ",
    ],
    makeReader: { { parts throws(FuzzFinding) in try FuzzedFiles.rules(parts.first ?? []) } }
  ).limited(toBytes: 2048)

  static let projection = FuzzTarget(
    "projection", "files of projections, and the tables of those that are right",
    corpus: [
      [
        "projection: p\ntable: {name: t, key: {id: $key}, columns: {a: text}}\nevents:\n  e: {upsert: {a: a}}\n  d: delete\n"
      ],
      [
        "projection: p\ngeneration: 2\nfrom: state\ntable:\n  name: s.t\n  key: {id: $key}\n"
          + "  columns: {n: 'numeric(5,2)', v: bigint, at: timestamptz, j: jsonb}\n"
          + "state: {n: n, v: $version}\nevents:\n  e: {update: {at: $time, j: $payload}, increment: {v: 1}}\n"
          + "  \"*\": {sql: \"insert into a (b, c) values (:$id, :a.b)\"}\non-error: park-key\n"
      ],
      [
        "projection: p\nevents:\n  e:\n    sql:\n      - \"select f(:/items/0, :$header.x, 'a:b', $$c:d$$, e::text)\"\n  f: ignore\n"
      ],
    ],
    words: [
      "projection: ", "table: ", "key: ", "columns: ", "events: ", "upsert: ", "update: ", "insert: ",
      "increment: ",
      "delete", "ignore", "sql: ", "$key", "$version", "$payload", "$header.", ":a", "::", "--", "/*", "*/",
      "$$", "''",
      "varchar(", "numeric(", "on-error: ", "- ", ": ", "&a ", "*a", "|", "select ", "E'\\'",
    ],
    makeReader: { { parts throws(FuzzFinding) in try FuzzedFiles.projection(parts.first ?? []) } }
  ).limited(toBytes: 1024)

  static let settings = FuzzTarget(
    "settings", "configuration files",
    corpus: [
      ["lanes: 3\nmemory: 64MB\nkafka: {client.id: one, linger.ms: 5}\n"],
      [
        "application-id: a\ncommands-topic: c\nbootstrap-servers: 'h:9092'\nhttp: \"127.0.0.1:9464\"\ncrash-guard: no\n"
      ],
      ["{\"lanes\": 2, \"kafka\": {\"sasl.password\": \"secret\"}, \"session-timeout\": \"15s\"}\n"],
      ["a: &x {b: *x}\n? lanes\n: |\n  3\n--- # more\n"],
    ],
    words: SettingKey.allCases.map(\.rawValue) + [
      ": ", "kafka: ", "- ", "&a ", "*a", "|", ">", "? ", "15s", "64MB", "!!str ",
    ],
    makeReader: { { parts throws(FuzzFinding) in try FuzzedFiles.settings(parts.first ?? []) } }
  ).limited(toBytes: 1024)
}

private enum FuzzedFiles {
  static func rules(_ bytes: [UInt8]) throws(FuzzFinding) {
    let check = RulesFile.check(bytes, path: "fuzz")
    try require(check.rules != nil || !check.errors.isEmpty, "rules that are neither right nor wrong")
    let lines = bytes.count { $0 == 10 || $0 == 13 } + 2
    for fault in check.faults {
      try require(fault.line <= lines, "a fault at line \(fault.line) of \(lines)")
    }
    guard let rules = check.rules else { return }
    _ = rules.normalForm
    _ = RulesDrawing.mermaid(rules)
    let runner = ExampleRunner(rules)
    for example in rules.examples { _ = runner.run(example) }
  }

  static func projection(_ bytes: [UInt8]) throws(FuzzFinding) {
    let check = ProjectionFile.check(bytes, path: "fuzz")
    try require(
      (check.definition == nil) == !check.faults.isEmpty, "a projection that is neither right nor wrong")
    guard let definition = check.definition else { return }
    for dialect in DatabaseDialect.allCases { _ = ProjectionSchema.statements(definition, dialect) }
  }

  static func settings(_ bytes: [UInt8]) throws(FuzzFinding) {
    do {
      _ = try SettingsFile(bytes, path: "fuzz")
    } catch {
      let told = "\(error)"
      try require(told.contains("Expected"), "a refusal without its reason: \(told)")
    }
  }
}
