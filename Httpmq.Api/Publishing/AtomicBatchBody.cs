using System.Buffers;
using System.IO.Pipelines;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Application.Publishing;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Publishing;

/// <summary>
/// The records of an atomic batch, all of them in memory; dispose it when they were sent. The first that is none is refused with its index,
/// and the rest is not read.
/// </summary>
internal sealed class AtomicBatchBody(BodyBuffers buffers, int maxPayload, bool isStrict) : IDisposable
{
    /// <summary>
    /// The most bytes of all messages together. They wait in memory until the last one is here, and share it with all other bodies.
    /// </summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    private readonly List<Publication> _publications = [];
    private readonly List<byte[]> _rented = [];
    private readonly BodyBuffers.Lease _unfinished = buffers.Hold();
    private long _bytes;

    public IReadOnlyList<Publication> Publications => _publications;

    /// <summary>The fields that no record may have; null where there are none.</summary>
    public FoundNames? Unknown { get; private set; }

    /// <summary>
    /// Reads the whole body. Throws <see cref="HttpmqException"/> for what is no record, for none and for too many;
    /// <see cref="BadHttpRequestException"/> with status 408 where it comes too slowly.
    /// </summary>
    public async Task ReadAsync(PipeReader body, BodyTimeouts timeouts, CancellationToken cancellationToken)
    {
        using var records = new BatchRecordReader(maxPayload, buffers);
        using var deadline = new BodyDeadline(timeouts, cancellationToken);
        var received = 0L;
        while (true)
        {
            var result = await deadline.ReadAsync(body, received);
            var rest = result.Buffer;
            var consumed = rest.End;
            try
            {
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    received += rest.Slice(0, end).Length;
                    Add(records, rest.Slice(0, end));
                    rest = rest.Slice(rest.GetPosition(1, end));
                }

                if (rest.Length > records.MaxLine)
                {
                    throw Refused(BatchErrors.TooLong);
                }

                _unfinished.Release();
                _unfinished.GrowTo(rest.Length);
                consumed = rest.Start;
                if (result.IsCompleted)
                {
                    consumed = rest.End;
                    Add(records, rest);
                    break;
                }
            }
            finally
            {
                body.AdvanceTo(consumed, result.Buffer.End);
            }
        }

        if (_publications.Count == 0)
        {
            throw new HttpmqException(BatchErrors.Empty);
        }
    }

    public void Dispose()
    {
        _unfinished.Dispose();
        _rented.ForEach(buffers.Return);
    }

    private void Add(BatchRecordReader records, in ReadOnlySequence<byte> line)
    {
        if (BatchLine.IsBlank(line))
        {
            return;
        }

        if (_publications.Count == PublishAtomicBatch.MaxRecords)
        {
            throw new HttpmqException(BatchErrors.TooManyRecords(PublishAtomicBatch.MaxRecords));
        }

        if (line.Length > records.MaxLine)
        {
            throw Refused(BatchErrors.TooLong);
        }

        if (records.Read(line, out var publication) is { } error)
        {
            throw Refused(error);
        }

        if (isStrict && records.Unknown is { } found)
        {
            throw Refused(HttpErrors.Unknown("field", UnknownNames.Describe("field", found, BatchRecordReader.Fields)));
        }

        foreach (var name in records.Unknown?.Names ?? [])
        {
            (Unknown ??= new FoundNames()).Add(name);
        }

        _bytes += publication.Payload.Length;
        if (_bytes > MaxBytes)
        {
            throw Refused(HttpErrors.TooLarge(MaxBytes));
        }

        var payload = buffers.Rent(publication.Payload.Length);
        _rented.Add(payload);
        publication.Payload.CopyTo(payload);
        _publications.Add(publication with { Payload = payload.AsMemory(0, publication.Payload.Length) });
    }

    private HttpmqException Refused(Error error) => new(error.With("index", _publications.Count));
}
