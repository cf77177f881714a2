import Foundation
import SeededRandom
import TestBroker
import Testing

extension SequiturCommandTests {
  /// What the engine decides by the whole language is what `verify` finds by code of its own, and nothing else is.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct VerifyLanguageTests {
    private static let rules = """
      object: thing
      version: 3
      fields:
        n: {type: integer, default: 0, min: -1000000, max: 1000000000000}
        big: integer
        x: number
        price: {type: decimal, scale: 2, min: -99999, max: 1000000}
        rate: {type: decimal, scale: 6, default: 1.5}
        until: timestamp
        span: {type: duration, default: 10m}
        name: {type: string, max-length: 12}
        colour: {enum: [red, green]}
        tags: {list: string, max: 4}
        flag: {type: boolean, default: false}
      states: [open, held, closed]
      commands:
        create: {from: none, to: open, set: [n, big, x, price, until, name, colour, tags], event: created}
        reckon:
          from: [open, held]
          to: same
          require: {by: {type: integer, min: -9000}}
          set: {n: state.n + by * 3 - (by / 7) % 5, big: state.big * by}
          event: {type: reckoned, payload: {n: state.n, big: state.big, half: state.n / 2, was: by, version: $version, key: $key, abs: abs(by)}}
        divide: {from: open, to: same, require: {by: integer}, when: [state.n % by != 1], set: {n: state.n / by}, event: divided}
        double:
          from: [open, held]
          to: same
          optional: {y: number}
          when: [{if: not has(y) or y < state.x or state.x == 0, else: x-large}]
          set: {x: state.x * y + 0.5}
          event: {type: doubled, payload: {x: state.x, y: y, m: "max(state.x, y)"}}
        pay:
          from: open
          to: same
          require: {amount: {type: decimal, scale: 3, min: 0.001}}
          when: [{if: amount <= state.price or state.flag, else: x-poor, reason: "Only {state.price} is left."}]
          set: {price: "round(state.price - amount * state.rate, 2)", rate: "state.rate / 3 + round(amount, 1)"}
          event: {type: paid, payload: {price: state.price, rate: state.rate, third: state.price / 3, cents: amount * 100}}
        hold:
          - {from: open, when: [$time < state.until], to: held, set: {until: $time + state.span * 2, span: state.until - $time}, event: [held, {type: noted, payload: {until: state.until, span: state.span}}]}
          - {from: [open, held], when: [has(state.name), "state.name in ['a', 'b'] or length(state.name) > 5"], to: open, set: {name: state.name + 'ö'}, event: renamed}
          - {from: held, to: closed, unset: [name, tags], event: closed}
        tag:
          from: [open, held]
          to: same
          require: {tag: {type: string, max-length: 6}}
          when: [not (tag in state.tags) or state.flag]
          set: {tags: state.tags + tag}
          event: {type: tagged, payload: {count: length(state.tags), tags: state.tags}}
        untag: {from: [open, held], to: same, require: {tag: string}, set: {tags: state.tags - tag}, event: untagged}
        paint: {from: [open, held], to: same, require: {colour: {enum: [red, green]}}, when: [colour != state.colour], set: [colour], event: painted}
        plan:
          from: open
          to: same
          require: {at: timestamp}
          optional: {for: duration}
          when: [at > '2020-01-01T00:00:00Z', at > $time - 52w]
          set: {until: at, span: for}
          event: {type: planned, payload: {at: at, for: for, days: (at - $time) / 1d}}
        toggle: {from: [open, held], to: same, set: {flag: not state.flag}, event: toggled}
        purge: {from: closed, to: none, event: {type: purged, payload: {last: state.n}}}
      """

    private static func command(_ random: inout SplitMix64) -> (String, String, String) {
      func pick(_ texts: String...) -> String { texts.randomElement(using: &random)! }
      func integer() -> String {
        pick(
          "0", "1", "-1", "7", "1000", "-9001", "9223372036854775807", "-9223372036854775808", "1.5", "\"1\"",
          "null",
          "\(Int.random(in: -5000...5000, using: &random))")
      }
      func decimal() -> String {
        pick(
          "0.001", "12.50", "\"3.10\"", "1e2", "0", "-1", "0.0005", "999999.99", "\"x\"",
          "12345678901234567890123456789012.34",
          "\(Int.random(in: 0...500, using: &random)).\(Int.random(in: 0...99, using: &random))")
      }
      func time() -> String {
        pick(
          "\"2031-02-03T04:05:06.789+02:00\"", "\"2026-01-01T00:00:60Z\"", "0", "4102444800000",
          "\"tomorrow\"",
          "\"2019-12-31t23:59:59-01:30\"", "\(AuditLog.time + 3_600_000)", "\(AuditLog.time - 1)")
      }
      let key = "k-\(Int.random(in: 0..<40, using: &random))"
      let payload: String
      let type = pick(
        "create", "create", "reckon", "reckon", "divide", "double", "double", "pay", "pay", "hold", "hold",
        "tag", "tag",
        "untag", "paint", "plan", "plan", "toggle", "purge", "unknown")
      switch type {
      case "create":
        payload =
          "{\"n\":\(integer()),\"big\":\(integer()),\"x\":\(pick("1", "2.5", "-0.0", "1e300", "12345678901234567890", "null")),"
          + "\"price\":\(decimal()),\"until\":\(time()),\"name\":\(pick("\"a\"", "\"Ännchen\"", "\"much too long a name\"", "5")),"
          + "\"colour\":\(pick("\"red\"", "\"green\"", "\"blue\"", "null")),\"tags\":\(pick("[]", "[\"a\"]", "[\"a\",\"b\",\"c\",\"d\"]", "[1]", "\"a\""))}"
        // Mostly right ones, or there would be no objects.
        if Int.random(in: 0..<3, using: &random) > 0 {
          return (
            key, type,
            "{\"n\":\(Int.random(in: 0...99, using: &random)),\"big\":3,\"x\":\(pick("1.25", "3", "0")),\"price\":\(pick("12.50", "1000", "\"7.1\"")),\"until\":\(pick("\"2031-02-03T04:05:06Z\"", "0")),\"name\":\(pick("\"a\"", "\"b\"", "\"längere\"")),\"colour\":\"red\",\"tags\":[\"a\"]}"
          )
        }
      case "reckon", "divide": payload = "{\"by\":\(integer()),\"more\":[1,{\"a\":\"b\"}]}"
      case "double": payload = pick("{}", "{\"y\":\(pick("1", "0.1", "-2.5", "1e308", "\"1\"", "7"))}")
      case "pay": payload = "{\"amount\":\(decimal())}"
      case "tag", "untag":
        payload = "{\"tag\":\(pick("\"a\"", "\"b\"", "\"ü\\u00e9\"", "\"toolong\"", "\"c\"", "1"))}"
      case "paint": payload = "{\"colour\":\(pick("\"red\"", "\"green\"", "\"blue\"", "true"))}"
      case "plan":
        payload = "{\"at\":\(time()),\"for\":\(pick("\"1h30m\"", "60000", "\"5x\"", "null", "\"1m1h\""))}"
      default: payload = pick("{}", "[]", "{\"a\":1}", "{")
      }
      return (key, type, payload)
    }

    /// Topics on which a worker has decided commands by the rules.
    private func decided(seed: UInt64, count: Int) async throws -> AuditLog {
      let log = try AuditLog()
      var random = SplitMix64(seed: seed)
      try log.submit((0..<count).map { _ in Self.command(&random) })
      try await withFile("thing.yaml", Data(Self.rules.utf8)) { path in
        let state = (path as NSString).deletingLastPathComponent + "/state"
        let worker = try await sequitur(
          ["worker", "--rules", path, "--state-dir", state, "--until-caught-up"] + log.topics.arguments)
        #expect(worker.exit == .code(0), "\(worker)")
      }
      return log
    }

    private func verify(_ log: AuditLog, _ rules: String) async throws -> VerifyReport {
      try await withFile("thing.yaml", Data(rules.utf8)) { path in
        let result = try await sequitur(["verify", "--json", "--rules", path] + log.topics.arguments)
        return try result.document(VerifyReport.self)
      }
    }

    @Test func `three thousand commands of the whole language are judged as they were decided`() async throws
    {
      let log = try await decided(seed: 20_261_130, count: 3000)
      let report = try await verify(log, Self.rules)
      #expect(
        report.faultCount == 0,
        "\(report.faults.map { "\($0.sentence) ×\($0.count)" }.joined(separator: "\n"))")
      #expect(report.notes == [])
      #expect(report.eventTypes.count >= 14, "\(report.eventTypes)")
      for code in [
        "x-poor", "x-large", "guard-failed", "out-of-range", "invalid-field", "not-found",
        "invalid-transition",
        "unknown-command",
      ] {
        #expect(report.rejectionCodes[code] ?? 0 > 0, "\(code): \(report.rejectionCodes)")
      }
      // What differs from what was decided is found, whatever part of the rules it is.
      for (name, old, new) in [
        ("an operand", "by * 3", "by * 4"), ("a bound of a command", "min: -9000", "min: -5"),
        ("a bound of the object", "max: 1000000000000", "max: 500"),
        ("a guard", "amount <= state.price", "amount < 5"),
        ("a default", "default: 1.5", "default: 1.6"),
        ("an alternative's guard", "length(state.name) > 5", "length(state.name) > 500"),
        ("rounding", "amount * state.rate, 2)", "amount * state.rate, 1)"), ("a code", "x-poor", "x-rich"),
        ("an event's payload", "half: state.n / 2", "half: state.n / 3"),
        ("a list", "state.tags - tag", "state.tags + tag"),
        ("a time", "state.span * 2", "state.span * 3"), ("a text", "+ 'ö'", "+ 'o'"),
        ("a boolean", "flag: not state.flag", "flag: state.flag"),
        ("a double", "state.x * y + 0.5", "state.x * y + 0.25"),
        ("a removed field", "unset: [name, tags]", "unset: [name]"),
        ("an enum", "colour != state.colour", "colour == state.colour"),
        ("context", "version: $version", "version: $version + 1"),
      ] {
        #expect(Self.rules.contains(old), "\(name)")
        let wrong = try await verify(log, Self.rules.replacing(old, with: new))
        #expect(wrong.faultCount > 0, "\(name)")
        // The checkpoints say that these are not the rules that decided, and the faults are grouped.
        #expect(
          wrong.notes.contains { $0.contains("these are probably not the rules that decided") },
          "\(name): \(wrong.notes)")
        #expect(wrong.faults.count <= 100 && wrong.faults.reduce(0) { $0 + $1.count } <= wrong.faultCount)
        #expect(
          wrong.faults.count < wrong.faultCount || wrong.faultCount < 10,
          "\(name): \(wrong.faultCount) in \(wrong.faults.count)")
      }
    }
  }
}
