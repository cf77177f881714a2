import Foundation
import LifecycleRules
import Sequitur
import SequiturInspection
import SequiturWorker
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// Other rules on a store with objects: refused, migrated, or served with a line.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct RulesChangeTests {
    private static let old = """
      object: item
      version: 1
      fields:
        price: number
        total: {type: integer, default: 0, min: 0}
        colour: {enum: [red, green]}
      states: [open, held]
      commands:
        create: {from: none, to: open, require: {total: integer}, set: [total, price, colour], event: created}
        hold: {from: open, to: held, event: held}
        add: {from: [open, held], to: same, require: {by: {type: integer, min: 1}}, when: [state.total < 50], set: {total: state.total + by}, event: added}
      """

    /// What a worker does that is started with other rules.
    enum Ending: Sendable {
      /// It does not start; its reasons hold this text.
      case refused(String)
      /// It serves, its log has this line, and `add` on the object that is held leaves this state.
      case served(line: String, state: String)
    }

    struct Row: Sendable, CustomTestStringConvertible {
      let name: String
      let changes: [(String, String)]
      let ending: Ending

      var testDescription: String { name }
      var new: String { changes.reduce(RulesChangeTests.old) { $0.replacing($1.0, with: $1.1) } }
    }

    private static let held = #"{"status":"held","price":12.5,"total":6,"colour":"red"}"#

    static let rows: [Row] = [
      Row(
        name: "status gone",
        changes: [
          ("[open, held]\ncommands", "[open]\ncommands"), ("to: held", "to: open"),
          ("from: [open, held]", "from: open"),
        ],
        ending: .refused(
          "status held: it is gone, and objects that have it could not be read. Write version: 2 and migrate: {from: 1, states: {held: …}}."
        )),
      Row(
        name: "status renamed and migrated",
        changes: [
          ("version: 1", "version: 2\nmigrate: {from: 1, states: {held: kept}}"),
          ("[open, held]\ncommands", "[open, kept]\ncommands"), ("to: held", "to: kept"),
          ("from: [open, held]", "from: [open, kept]"),
        ],
        ending: .served(
          line: "status held", state: #"{"status":"kept","price":12.5,"total":6,"colour":"red"}"#)),
      Row(
        name: "field of another type",
        changes: [("price: number", "price: {type: decimal, scale: 2}")],
        ending: .refused(
          "field price: number is now decimal(2), which cannot read the older values. Write version: 2 and migrate: {from: 1, fields: {price: \"decimal(state.price)\"}}."
        )),
      Row(
        name: "field of another type, and migrated",
        changes: [
          ("version: 1", "version: 2\nmigrate: {from: 1, fields: {price: decimal(state.price)}}"),
          ("price: number", "price: {type: decimal, scale: 2}"),
        ],
        ending: .served(
          line: "field price", state: #"{"status":"held","price":12.50,"total":6,"colour":"red"}"#)),
      Row(
        name: "object renamed", changes: [("object: item", "object: thing")],
        ending: .refused("object: it was item and is thing")),
      Row(
        name: "guards stricter", changes: [("[state.total < 50]", "[state.total < 50, by < 9]")],
        ending: .served(line: "command add", state: held)),
      Row(
        name: "guards looser", changes: [("when: [state.total < 50], ", "")],
        ending: .served(line: "command add", state: held)),
      Row(
        name: "command gone, command new", changes: [("  hold: {", "  keep: {")],
        ending: .served(line: "command hold, command keep", state: held)),
      Row(
        name: "bounds tighter, default another",
        changes: [("default: 0, min: 0", "default: 3, min: 3, max: 9")],
        ending: .served(line: "field total", state: held)),
      Row(
        name: "field new, with a default",
        changes: [("  price: number\n", "  price: number\n  size: {type: integer, default: 4}\n")],
        ending: .served(
          line: "field size", state: #"{"status":"held","price":12.5,"size":4,"total":6,"colour":"red"}"#)),
      Row(
        name: "field gone", changes: [("  colour: {enum: [red, green]}\n", ""), (", colour]", "]")],
        ending: .served(line: "field colour", state: #"{"status":"held","price":12.5,"total":6}"#)),
      Row(
        name: "field of a type that reads the older one",
        changes: [("colour: {enum: [red, green]}", "colour: string")],
        ending: .served(line: "field colour", state: held)),
      Row(
        name: "unknown fields", changes: [("version: 1", "version: 1\nunknown-fields: drop")],
        ending: .served(line: "unknown-fields", state: held)),
      Row(
        name: "version raised", changes: [("version: 1", "version: 7")],
        ending: .served(line: "version", state: held)),
    ]

    private func decider(_ yaml: String) throws -> @Sendable () -> LifecycleDecider {
      let rules = try RulesFile.parse(yaml, path: "rules.yaml")
      return { LifecycleDecider(rules) }
    }

    private func work(_ application: Application, _ yaml: String) async throws -> WorkerInProcess {
      try await WorkerInProcess.runUntilCaughtUp(application.configuration(), decider: decider(yaml))
    }

    /// An application whose objects `a` is open and `b` is held, under the old rules.
    private func applicationWithObjects() async throws -> Application {
      let application = try await Application()
      let payload = #"{"total":5,"price":12.5,"colour":"red"}"#
      try await application.submit(
        Command("a", "create", payload), Command("b", "create", payload), Command("b", "hold"))
      _ = try await work(application, Self.old)
      return application
    }

    private func states(_ application: Application) async throws -> [String: Record] {
      let audit = try await Audit(of: application)
      #expect(audit.faults == [])
      return Dictionary(
        uniqueKeysWithValues: audit.states.map { (String(decoding: $0.key, as: UTF8.self), $0.value) })
    }

    /// Each row with its store, and some from nothing: there the changelog alone says what states look like.
    static let cases: [Case] =
      rows.map { Case(row: $0, keepsStore: true) }
      + [0, 1, 2, 3, 5].map { Case(row: rows[$0], keepsStore: false) }

    struct Case: Sendable, CustomTestStringConvertible {
      let row: Row
      let keepsStore: Bool

      var testDescription: String { "\(row.name), \(keepsStore ? "with its store" : "from nothing")" }
    }

    @Test(.serialized, arguments: cases)
    func `a worker with other rules does what the diff says`(_ some: Case) async throws {
      let (row, keepsStore) = (some.row, some.keepsStore)
      let application = try await applicationWithObjects()
      if !keepsStore { try FileManager.default.removeItem(at: application.stateDirectory("one")) }
      try await application.submit(Command("b", "add", #"{"by":1}"#))
      switch row.ending {
      case .refused(let reason):
        let fault = await #expect(throws: WorkerStartFault.self) { try await work(application, row.new) }
        #expect(fault?.description.contains(reason) == true, "\(String(describing: fault))")
        #expect(fault?.description.contains("item@1/") == true)
        // Nothing was changed: the former rules go on.
        _ = try await work(application, Self.old)
        #expect(try await states(application)["b"]?.value == Array(Self.held.utf8))
      case .served(let line, let state):
        let worker = try await work(application, row.new)
        let said = worker.log.lines.filter { $0.message.hasPrefix("the rules have changed") }
        #expect(said.count == 1, "\(worker.log.lines)")
        if keepsStore { #expect(said.first?.message.contains(line) == true, "\(said)") }
        #expect(said.first?.metadata["before"]?.hasPrefix("item@1/") == true)
        let states = try await states(application)
        #expect(states["b"].flatMap { $0.value.map { String(decoding: $0, as: UTF8.self) } } == state)
        #expect(states["a"]?.text("v") == "1")
        // A second start has nothing to say.
        #expect(
          try await work(application, row.new).log.lines.allSatisfy { !$0.message.hasPrefix("the rules") })
      }
    }

    @Test func `checkpoints, header and log say which rules decide`() async throws {
      let application = try await applicationWithObjects()
      let rules = try RulesFile.parse(Self.old, path: "r")
      let newer = Self.old.replacing("version: 1", with: "version: 2").replacing(
        "[open, held]\n", with: "[open, held, sold]\n")
      try await application.submit(Command("a", "hold"))
      let worker = try await work(application, newer)
      #expect(
        worker.log.lines("state directory open").first?.metadata["decider"]?.hasPrefix("item@2/") == true)
      let checkpoints = try await application.read(application.topics.changelog).filter {
        $0.key?.isEmpty == true
      }
      #expect(checkpoints.first?.text("decider") == "\(rules.fingerprint)")
      #expect(checkpoints.last?.text("decider")?.hasPrefix("item@2/") == true)
      let forms = StateForms(checkpoints.last?.text("state-forms") ?? "")
      #expect(forms?.forms.map(\.version) == [1, 2])
      #expect(forms?.forms.first?.text == rules.stateForm)
      let header = try StoreInspection(stateDirectory: application.stateDirectory("one").path).header
      #expect(header?.decider == checkpoints.last?.text("decider"))
      #expect(header?.definition?.contains("state sold\n") == true)
      #expect(header?.schemaVersion == 2)
    }

    @Test func `states of two versions back are read, or refused, by their own form`() async throws {
      let application = try await applicationWithObjects()
      let second = Self.old.replacing(
        "version: 1", with: "version: 2\nmigrate: {from: 1, fields: {price: string(state.price)}}"
      )
      .replacing("price: number", with: "price: string")
      try await application.submit(Command("a", "add", #"{"by":1}"#))
      _ = try await work(application, second)
      // `b` is still as version 1 wrote it, and the third version forgets to say how that is read.
      let third = Self.old.replacing("version: 1", with: "version: 3").replacing(
        "price: number", with: "price: string")
      let fault = await #expect(throws: WorkerStartFault.self) { try await work(application, third) }
      #expect(
        fault?.description.contains("migrate: {from: 1, fields: {price: \"string(state.price)\"}}") == true,
        "\(String(describing: fault))")
      let mended = third.replacing(
        "version: 3", with: "version: 3\nmigrate: {from: 1, fields: {price: string(state.price)}}")
      try await application.submit(Command("b", "add", #"{"by":1}"#))
      _ = try await work(application, mended)
      let states = try await states(application)
      #expect(states["b"]?.value == Array(#"{"status":"held","price":"12.5","total":6,"colour":"red"}"#.utf8))
    }

    @Test func `what another worker's rules have written since is found when a partition is restored`()
      async throws
    {
      let application = try await Application()
      // Without a name of its own a worker leaves the group at once when it ends.
      func work(_ instance: String, _ yaml: String) async throws {
        var configuration = application.configuration(instance)
        configuration.instanceID = nil
        try await WorkerInProcess.runUntilCaughtUp(configuration, decider: decider(yaml))
      }
      let payload = #"{"total":5,"price":12.5,"colour":"red"}"#
      try await application.submit(Command("b", "create", payload), Command("b", "hold"))
      try await work("one", Self.old)
      // The same version with another status, written from another store.
      let other = Self.old.replacing("[open, held]\ncommands", with: "[open, held, sold]\ncommands")
      try await application.submit(Command("b", "add", #"{"by":1}"#))
      try await work("two", other)
      let refused = await #expect(throws: PartitionRefused.self) { try await work("one", Self.old) }
      guard case .unreadableStates(let reason)? = refused?.fault else {
        Issue.record("refused for another reason: \(String(describing: refused))")
        return
      }
      #expect(reason.contains("status sold: it is gone"))
    }
  }
}
