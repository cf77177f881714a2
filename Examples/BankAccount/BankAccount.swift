import Sequitur
import SequiturJSON
import SequiturWorker

/// A bank account: nobody takes out more than there is.
struct BankAccount: JSONDecider {
  enum Command: Decodable {
    case open(owner: String)
    case deposit(amount: UInt32)
    case withdraw(amount: UInt32)
    case close
  }

  enum Event: Codable {
    case opened(owner: String)
    case deposited(amount: UInt32)
    case withdrawn(amount: UInt32)
    case closed
  }

  struct State: Codable {
    var balance: UInt64
  }

  func decide(_ command: Command, on state: State?, in context: borrowing DecisionContext) -> Decision<Event>
  {
    switch (command, state) {
    case (.open(let owner), nil): .accept(.opened(owner: owner))
    case (.open, _): .reject(.invalidTransition, "The account is open already.")
    case (_, nil): .reject(.notFound, "There is no such account.")
    case (.deposit(let amount), _): .accept(.deposited(amount: amount))
    case (.withdraw(let amount), let account?) where amount > account.balance:
      .reject(.custom("overdraft"), "Expected at most \(account.balance), but \(amount) is asked for.")
    case (.withdraw(let amount), _): .accept(.withdrawn(amount: amount))
    case (.close, _): .accept(.closed)
    }
  }

  func evolve(_ state: State?, by event: Event) -> State? {
    switch (event, state) {
    case (.opened, _): State(balance: 0)
    case (.deposited(let amount), let account?): State(balance: account.balance + UInt64(amount))
    case (.withdrawn(let amount), let account?): State(balance: account.balance - UInt64(amount))
    case (.closed, _), (_, nil): nil
    }
  }
}

/// bank-account [bootstrap servers] [state directory]
@main enum Main {
  static func main() async throws {
    let arguments = CommandLine.arguments
    var configuration = WorkerConfiguration(applicationID: "bank", lanes: 2)
    if arguments.count > 1 { configuration.bootstrapServers = arguments[1] }
    if arguments.count > 2 { configuration.stateDirectory = arguments[2] }
    configuration.topicCreation = TopicShape(partitions: 4)
    try await Worker(configuration) { BankAccount() }.runUntilSignalled()
  }
}
