import Sequitur

/// The binary decider of the benchmarks: accounts that take deposits. Fixed offsets, nothing is allocated.
public struct AccountDecider: Decider {
  /// A command and its event, as a view of the command's payload.
  public struct Deposit {
    @usableFromInline let amount: Int64
    @usableFromInline let payload: UnsafeRawBufferPointer

    @usableFromInline
    init(amount: Int64, payload: UnsafeRawBufferPointer) {
      self.amount = amount
      self.payload = payload
    }
  }

  /// 64 bytes: what is kept of an account.
  public struct Account: BitwiseCopyable {
    @usableFromInline var balance: Int64 = 0
    @usableFromInline var deposits: Int64 = 0
    /// 48 bytes of the last command.
    @usableFromInline var note: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)

    @usableFromInline init() {}
  }

  /// Why a state cannot be read.
  @usableFromInline
  struct UnreadableState: Error {
    @usableFromInline init() {}
  }

  @usableFromInline static var noteOffset: Int { 16 }
  @usableFromInline static var commandBytesMin: Int { 64 }

  public init() {}

  @inlinable @inline(__always)
  public func decode(_ record: borrowing CommandRecord) -> Decoded<Deposit> {
    guard let payload = record.unsafePayload, payload.count >= Self.commandBytesMin, payload[0] == 1 else {
      return .malformed("Expected a deposit of at least \(Self.commandBytesMin) bytes")
    }
    return .command(
      Deposit(amount: payload.loadUnaligned(fromByteOffset: 8, as: Int64.self), payload: payload))
  }

  @inlinable @inline(__always)
  public func decide(
    _ command: Deposit, on state: Account?, in context: borrowing DecisionContext
  ) -> Decision<Deposit> {
    guard command.amount > 0 else { return .reject(.invalidField, "Expected an amount above 0") }
    return .accept(command)
  }

  @inlinable @inline(__always)
  public func evolve(_ state: Account?, by event: Deposit) -> Account? {
    var account = state ?? Account()
    account.balance &+= event.amount
    account.deposits &+= 1
    account.note = event.payload.loadUnaligned(
      fromByteOffset: Self.noteOffset, as: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64).self)
    return account
  }

  @inlinable @inline(__always)
  public func encode(_ event: Deposit, into payload: inout ByteWriter) -> String {
    payload.append(event.payload)
    return "deposited"
  }

  @inlinable @inline(__always)
  public func decodeState(_ bytes: RawSpan) throws -> Account {
    guard bytes.byteCount == MemoryLayout<Account>.size else { throw UnreadableState() }
    return bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: Account.self)
  }

  @inlinable @inline(__always)
  public func encodeState(_ state: Account, into bytes: inout ByteWriter) {
    bytes.append(bytesOf: state)
  }
}
