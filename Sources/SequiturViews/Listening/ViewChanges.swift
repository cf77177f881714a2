/// The changes of a view, for one listener.
///
/// Each key's changes come in their order, each with the state told before as its old one. Those of one partition come in
/// the order of their positions, unless the listener is slow and they are merged.
public struct ViewChanges<Value: Sendable>: AsyncSequence, Sendable {
  /// What became of one object.
  public typealias Element = ViewChange<Value>

  private let subscription: Subscription

  init(_ core: ViewCore<Value>, _ listener: ChangeListener<Value>) {
    subscription = Subscription(core: core, listener: listener)
  }

  /// Iterators of one sequence share its changes; ask the view for a sequence of your own.
  public func makeAsyncIterator() -> Iterator { Iterator(subscription: subscription) }

  /// Ends the listening when nobody holds it any more.
  fileprivate final class Subscription: Sendable {
    let core: ViewCore<Value>
    let listener: ChangeListener<Value>

    init(core: ViewCore<Value>, listener: ChangeListener<Value>) {
      self.core = core
      self.listener = listener
    }

    deinit { core.remove(listener) }
  }

  /// Gives the changes as they come.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let subscription: Subscription

    /// Waits for the next change; nil when the view has ended by itself or the task was cancelled.
    ///
    /// - Throws: ``ViewFault/listenerTooSlow(changes:bytesMax:)``; ``ViewFault/changesNotTold(partition:)``; why the view
    ///   ended.
    public mutating func next() async throws -> ViewChange<Value>? {
      while !Task.isCancelled {
        switch try subscription.listener.next() {
        case .change(let change): return change
        case .read: try await subscription.core.readExisting(for: subscription.listener)
        case .wait: await subscription.listener.wait()
        case .end: return nil
        }
      }
      return nil
    }
  }
}
