import HTTPTypes
import KafkaClient
import Sequitur
import SequiturHTTP

/// `POST /objects/{key}/commands/{type}` and `GET /outcomes/{token}`.
struct CommandRoutes: Sendable {
  let door: CommandDoor
  let watch: OutcomeWatch
  let search: @Sendable (CommandPosition) async throws -> OutcomeSearch.Finding
  private let answers: AnswerCounts
  private let room: PayloadRoom

  init(
    door: CommandDoor, watch: OutcomeWatch,
    search: @escaping @Sendable (CommandPosition) async throws -> OutcomeSearch.Finding,
    answers: AnswerCounts, room: PayloadRoom
  ) {
    self.door = door
    self.watch = watch
    self.search = search
    self.answers = answers
    self.room = room
  }

  var routes: [HTTPRoute] {
    [
      HTTPRoute(
        .post, "/objects/:key/commands/:type", bodyBytesMax: GatewayLimits.payloadBytesMax, handler: take
      )
      .asking { call in
        .write(
          key: try CommandRequest.key(of: call),
          command: String(decoding: call.parameters["type"] ?? [], as: UTF8.self))
      },
      .get("/outcomes/:token", access: .known, outcome),
    ]
  }

  @Sendable private func take(_ call: HTTPCall) async throws -> HTTPAnswer {
    let id = try CommandRequest.id(call.head.headerFields)
    var answer: HTTPAnswer
    do {
      let held = try room.hold(for: call)
      defer { held.leave() }
      answer = CommandAnswer.of(try await door.take(try await CommandRequest(call, id: id)))
    } catch let failure as CommandDoor.Failure {
      answer = CommandAnswer.failed(failure).answer
    } catch let problem as Problem {
      answer = problem.answer
    }
    // Told with problems too: who repeats the request must use the same one.
    answer.fields[.idempotencyKey] = call.head.headerFields[.idempotencyKey] ?? id
    answers.add(answer.status)
    return answer
  }

  @Sendable private func outcome(_ call: HTTPCall) async throws -> HTTPAnswer {
    guard let text = call.parameters["token"].map({ String(decoding: $0, as: UTF8.self) }),
      let position = CommandPosition(token: text)
    else { throw Problem.edge("malformed", "Expected a token like 3-1042: a partition and an offset.") }
    let seconds =
      try QueryParameters(call.query, allowing: ["wait"]).integer("wait", in: 0...Int64(Int32.max)) ?? 0
    guard let outcome = try await decided(position, waiting: seconds) else {
      return CommandAnswer.appended(position)
    }
    try call.demand(.outcome(key: outcome.key))
    return CommandAnswer.decided(outcome)
  }

  /// What was decided of a command, perhaps behind a wait; nil: nothing yet.
  private func decided(_ position: CommandPosition, waiting seconds: Int64) async throws -> CommandOutcome? {
    if let outcome = watch.recent(position) { return outcome }
    switch try await found(position) {
    case .found(let outcome): return outcome
    case .unknown:
      throw Problem(
        .notFound, "unknown-command-position",
        "Expected an outcome at \(position.token), but there is none: no command of this number was decided, or its outcome "
          + "is not kept any more.")
    case .pending: break
    }
    guard seconds > 0 else { return nil }
    let time = GatewayLimits.wait(ofSeconds: seconds)
    guard case .outcome(let outcome) = await watch.outcome(of: position, within: time) else { return nil }
    return outcome
  }

  private func found(_ position: CommandPosition) async throws -> OutcomeSearch.Finding {
    do {
      return try await search(position)
    } catch let error as KafkaError {
      if [.unknownPartition, .unknownTopicOrPartition].contains(error.code) { return .unknown }
      throw Problem.brokerAway("tell the outcome", error)
    }
  }
}
