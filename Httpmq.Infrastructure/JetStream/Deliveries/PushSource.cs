using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.JetStream.Requests;

namespace Httpmq.Infrastructure.JetStream.Deliveries;

/// <summary>
/// Listens to a push consumer's deliver subject, with its delivery group as queue group. The client library has no public
/// call for that, so the server's status messages are handled here.
/// </summary>
/// <remarks>
/// NATS sends every listener of a consumer without group every message, and does not keep a second one away. That a consumer
/// is bound is seen before; those that come in the same moment, on any instances, are settled here: each says on the deliver
/// subject that it has come, and where two are new the one with the smaller claim stays.
/// </remarks>
internal sealed class PushSource : DeliverySource
{
    private const int ClaimBytes = 16;

    // Longer than a claim is on its way; whoever has been there longer stays, whatever the claims are.
    private static readonly TimeSpan New = TimeSpan.FromSeconds(2);

    private readonly byte[] _claim = RandomNumberGenerator.GetBytes(ClaimBytes);
    private readonly bool _exclusive;
    private readonly long _opened;

    public PushSource(SourceContext context, ConsumerInfo consumer)
        : base(context, consumer, consumer.Config.DeliverSubject, consumer.Config.DeliverGroup is { Length: > 0 } group ? group : null)
    {
        _exclusive = consumer.Config.DeliverGroup.Length == 0;
        _opened = context.Time.GetTimestamp();
    }

    private static ReadOnlySpan<byte> Comes => "httpmq comes "u8;

    private static ReadOnlySpan<byte> Taken => "httpmq taken "u8;

    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        await Context.Link.Connection.AddSubAsync(this, cancellationToken);
        if (_exclusive)
        {
            Send(Subject, (byte[])[.. Comes, .. _claim]);
        }
    }

    /// <summary>Heartbeats are for nobody; flow control, which consumers that others have made may use, is answered while there is room.</summary>
    protected override void OnStatus(int status, string? replyTo, in ReadOnlySequence<byte> headers)
    {
        if (status != NatsStatus.Control || !HasRoom)
        {
            return;
        }

        // A request that was not answered, or got lost, is repeated in the heartbeats.
        var request = replyTo is { Length: > 0 } ? replyTo : StatusHeaders.Find(headers, "Nats-Consumer-Stalled:"u8);
        if (request is { Length: > 0 })
        {
            Send(request, ReadOnlyMemory<byte>.Empty);
        }
    }

    protected override void OnForeign(in ReadOnlySequence<byte> payload)
    {
        if (!_exclusive || IsClosed || payload.Length != Comes.Length + ClaimBytes)
        {
            return;
        }

        Span<byte> text = stackalloc byte[Comes.Length + ClaimBytes];
        payload.CopyTo(text);
        var other = text[Comes.Length..];
        var order = other.SequenceCompareTo(_claim);
        if (text.StartsWith(Taken))
        {
            if (order == 0)
            {
                FinishTaken();
            }
        }
        else if (text.StartsWith(Comes) && order != 0)
        {
            if (order < 0 && Context.Time.GetElapsedTime(_opened) < New)
            {
                FinishTaken();
            }
            else if (End is null)
            {
                Send(Subject, (byte[])[.. Taken, .. other]);
            }
        }
    }

    private void FinishTaken() => Finish(new Error(
        ErrorKind.Conflict,
        "Subscription ended",
        "another subscriber bound the consumer in the same moment; a push consumer without delivery_group serves one"));
}

/// <summary>Reads what a status message says beside its code.</summary>
internal static class StatusHeaders
{
    public static bool Contain(in ReadOnlySequence<byte> headers, ReadOnlySpan<byte> text) =>
        headers.ToArray().AsSpan().IndexOf(text) >= 0;

    /// <summary>The value of a header, or null.</summary>
    /// <param name="headers">The headers as they came.</param>
    /// <param name="name">The header's name with its colon.</param>
    public static string? Find(in ReadOnlySequence<byte> headers, ReadOnlySpan<byte> name)
    {
        var bytes = headers.ToArray().AsSpan();
        var start = bytes.IndexOf(name);
        if (start < 0)
        {
            return null;
        }

        var value = bytes[(start + name.Length)..];
        var end = value.IndexOf((byte)'\r');
        return Encoding.ASCII.GetString(end < 0 ? value : value[..end]).Trim();
    }

    /// <summary>The first line without the version: code and text.</summary>
    public static string Text(in ReadOnlySequence<byte> headers) => Find(headers, "NATS/1.0"u8) ?? "no reason given";
}
