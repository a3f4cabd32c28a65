using System.Diagnostics;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Tracing;

/// <summary>
/// Spans of what one subscriber receives: one for each flush in which a message was whose trace is sampled, with links to those messages.
/// One flush at a time.
/// </summary>
internal sealed class DeliverySpans
{
    private readonly string _name;
    private readonly string _stream;
    private readonly string _consumer;
    private readonly TimeProvider _time;
    private readonly List<ActivityContext> _contexts = [];
    private DateTimeOffset _start;

    private DeliverySpans(string name, string stream, string consumer, TimeProvider time)
    {
        _name = name;
        _stream = stream;
        _consumer = consumer;
        _time = time;
    }

    /// <summary>Null while nobody traces.</summary>
    public static DeliverySpans? Create(string name, string stream, string consumer, TimeProvider time) =>
        Spans.AreWanted ? new DeliverySpans(name, stream, consumer, time) : null;

    /// <summary>Looks at what this sink is given.</summary>
    public IDeliverySink Around(IDeliverySink sink) => new Looking(sink, this);

    /// <summary>The flush is over.</summary>
    /// <param name="count">The messages in it, traced or not.</param>
    /// <param name="isTaken">Whether the client is still there.</param>
    public void End(int count, bool isTaken)
    {
        if (_contexts.Count == 0)
        {
            return;
        }

        using (var span = Spans.StartReceive(_name, _stream, _consumer, _start, _contexts))
        {
            span?.SetTag("messaging.batch.message_count", count);
            if (!isTaken)
            {
                span?.SetTag("error.type", "client_gone").SetStatus(ActivityStatusCode.Error);
            }
        }

        _contexts.Clear();
    }

    private void Look(in MessageHeaders headers)
    {
        if (headers.IsEmpty || _contexts.Count == Spans.MaxLinks || !TraceHeaders.TryReadSampled(headers, out var context))
        {
            return;
        }

        if (_contexts.Count == 0)
        {
            _start = _time.GetUtcNow();
        }

        _contexts.Add(context);
    }

    private sealed class Looking(IDeliverySink sink, DeliverySpans spans) : IDeliverySink
    {
        public bool WantsDetails => sink.WantsDetails;

        public int Write(in Delivery delivery)
        {
            spans.Look(delivery.Headers);
            return sink.Write(delivery);
        }
    }
}
