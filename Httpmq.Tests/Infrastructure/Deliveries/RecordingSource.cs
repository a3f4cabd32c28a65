using System.Text.Json;
using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.Deliveries;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Tests.Infrastructure.Deliveries;

/// <summary>What a flow sees of its source, and what it did with it.</summary>
internal sealed class RecordingSource : IFlowSource
{
    private readonly List<(string Subject, string? ReplyTo, byte[] Payload)> _sent = [];

    public IReadOnlyList<(string Subject, string? ReplyTo, byte[] Payload)> Sent
    {
        get
        {
            lock (_sent)
            {
                return [.. _sent];
            }
        }
    }

    public List<(int Batch, TimeSpan Expires, TimeSpan Heartbeat)> Asked => [.. Sent.Select(static sent =>
    {
        var request = JsonSerializer.Deserialize(sent.Payload, WireJson.Default.PullRequest)!;
        return (request.Batch, TimeSpan.FromTicks(request.Expires / 100), TimeSpan.FromTicks(request.IdleHeartbeat / 100));
    })];

    public List<int> Batches => [.. Asked.Select(static asked => asked.Batch)];

    public int Checks { get; private set; }

    public Error? End { get; private set; }

    public string Subject => "inbox";

    public bool IsOver => End is not null;

    public bool IsConnected { get; set; } = true;

    public bool HasRoom => true;

    public void Send(string subject, ReadOnlyMemory<byte> payload, string? replyTo = null)
    {
        lock (_sent)
        {
            _sent.Add((subject, replyTo, payload.ToArray()));
        }
    }

    public void Finish(Error reason) => End ??= reason;

    public void FinishAndUnsubscribe(Error reason) => Finish(reason);

    public void RequestCheck() => Checks++;
}
