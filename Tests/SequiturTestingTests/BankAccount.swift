import Sequitur
import SequiturJSON

/// An account: open, deposit, withdraw, close. It is never overdrawn, and closed only when it is empty.
struct BankAccount: JSONDecider {
  enum Command: Decodable {
    case open(owner: String)
    case deposit(amount: Int)
    case withdraw(amount: Int)
    case close
  }

  enum Event: Codable {
    case opened(owner: String)
    case deposited(amount: Int)
    case withdrawn(amount: Int)
    case closed
  }

  struct State: Codable {
    var owner: String
    var balance = 0
  }

  func decide(
    _ command: Command, on account: State?, in context: borrowing DecisionContext
  ) -> Decision<Event> {
    guard let account else {
      guard case .open(let owner) = command else { return .reject(.notFound, "There is no such account.") }
      return .accept(.opened(owner: owner))
    }
    switch command {
    case .open: return .reject(.invalidTransition, "The account is open already.")
    case .deposit(let amount) where amount <= 0, .withdraw(let amount) where amount <= 0:
      return .reject(.guardFailed, "Expected an amount above 0, but it is \(amount).")
    case .deposit(let amount):
      guard amount <= Int.max - account.balance else {
        return .reject(.guardFailed, "The amount is too large.")
      }
      return .accept(.deposited(amount: amount))
    case .withdraw(let amount) where amount > account.balance:
      return .reject(
        .custom("overdrawn"), "Expected at least \(amount), but the balance is \(account.balance).")
    case .withdraw(let amount): return .accept(.withdrawn(amount: amount))
    case .close where account.balance > 0: return .reject(.guardFailed, "The account is not empty.")
    case .close: return .accept(.closed)
    }
  }

  func evolve(_ account: State?, by event: Event) -> State? {
    switch event {
    case .opened(let owner): State(owner: owner)
    case .deposited(let amount): account.map { State(owner: $0.owner, balance: $0.balance + amount) }
    case .withdrawn(let amount): account.map { State(owner: $0.owner, balance: $0.balance - amount) }
    case .closed: nil
    }
  }
}
