using System.Buffers;
using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Bodies;

/// <summary>
/// Where request bodies are kept while they are read and until JetStream has answered. What all of them hold together is bounded;
/// small ones are not counted, because the number of requests bounds them and they are the hot path.
/// </summary>
/// <param name="maxTotalBytes">The most that bodies may hold together, in bytes: <c>limits.max_total_body_bytes</c>.</param>
internal sealed class BodyBuffers(long maxTotalBytes)
{
    /// <summary>The largest buffer that is not counted, in bytes.</summary>
    public const int Small = 4096;

    private readonly ByteBudget _budget = new(maxTotalBytes);

    /// <summary>What is held at the moment, in bytes.</summary>
    public long Used => _budget.Used;

    /// <summary>A buffer of at least this size from the pool.</summary>
    /// <exception cref="HttpmqException"><see cref="ErrorKind.Unavailable"/>: bodies hold too much already.</exception>
    public byte[] Rent(int size)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        if (buffer.Length > Small && !_budget.TryTake(buffer.Length))
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw Full();
        }

        return buffer;
    }

    /// <summary>Gives back a buffer from <see cref="Rent"/>, or an empty one.</summary>
    public void Return(byte[] buffer)
    {
        if (buffer.Length == 0)
        {
            return;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        if (buffer.Length > Small)
        {
            _budget.Return(buffer.Length);
        }
    }

    /// <summary>Counts what the server itself buffers, up to this size; dispose it when it is gone.</summary>
    public Lease Hold() => new(this);

    private HttpmqException Full() => new(BodyErrors.Full(_budget.Limit));

    /// <summary>The share of one body that is not in a buffer from here.</summary>
    internal sealed class Lease(BodyBuffers owner) : IDisposable
    {
        private long _held;

        /// <summary>The body has come to this size.</summary>
        /// <exception cref="HttpmqException"><see cref="ErrorKind.Unavailable"/>: bodies hold too much already.</exception>
        public void GrowTo(long size)
        {
            if (size <= Small || size <= _held)
            {
                return;
            }

            if (!owner._budget.TryTake(size - _held))
            {
                throw owner.Full();
            }

            _held = size;
        }

        /// <summary>What was there is gone; another may come.</summary>
        public void Release()
        {
            // Called for each record of a batch, which as a rule held nothing.
            if (_held > 0)
            {
                owner._budget.Return(_held);
                _held = 0;
            }
        }

        public void Dispose() => Release();
    }
}
