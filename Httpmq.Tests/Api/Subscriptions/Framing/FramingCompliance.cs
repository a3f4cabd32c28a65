using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Httpmq.Api.Errors;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Tests.Api.Subscriptions.Framing;

/// <summary>
/// What every framing keeps, whatever its bytes look like. A framing's fixture inherits it and says how its bytes are read; a new
/// framing is done when it is green.
/// </summary>
internal abstract class FramingCompliance
{
    protected const string RequestId = "8f14e45f";

    private static readonly Error Why = new(JetStreamErrorTypes.StreamExistsType, new Operation(
        OperationKind.ReadStream, "\"s\""), ("err_code", 1), ("description", "line 1\nline 2: \u2028 ünï"));

    /// <summary>Every byte there is, and what framings use to part their frames.</summary>
    private static readonly byte[][] Payloads =
    [
        [],
        [0],
        [.. Enumerable.Range(0, 256).Select(value => (byte)value)],
        .. new[] { "\n", "\r\n\r\n", "data: x\n\n", "\"}\n{\"success\":true}\n", "\u001e{}", "ünï😀" }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly MessageHeaders Headers = HeadersOf(("Trace-Id", "7"), ("trace-id", "ü: \"8\""), ("Trace-Id", "9"));

    /// <summary>Whether its deliveries say what headers the message has.</summary>
    protected abstract bool ShowsHeaders { get; }

    /// <summary>Whether the end says why in more than the connection's closing.</summary>
    protected virtual bool SaysWhy => true;

    /// <summary>Whether it promises to allocate nothing for a delivery without headers.</summary>
    protected virtual bool AllocatesNothing => true;

    protected abstract IFraming Create(PipeWriter output, FramingOptions options);

    /// <summary>
    /// Reads whole frames, in their order; bytes that are no whole frame fail the test. Frames of opening and keeping alive are
    /// <see cref="FrameKind.Sign"/>.
    /// </summary>
    protected abstract IReadOnlyList<Frame> Read(byte[] bytes);

    [Test]
    public void ContentType_IsOne() => Assert.That(Create(new ArrayPipeWriter(), new FramingOptions()).ContentType, Does.Contain('/'));

    [TestCaseSource(nameof(Payloads))]
    public void Write_AnyPayload_ComesOutAsItWentIn(byte[] payload)
    {
        var frame = Deliveries(Written(framing => framing.Write(new Delivery("a.b", new DeliverySequence(3, 4), payload)))).Single();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(frame.Payload, Is.EqualTo(payload));
            Assert.That((frame.Subject, frame.Sequence), Is.EqualTo(("a.b", new DeliverySequence(3, 4))));
        }
    }

    [TestCase(2303)]
    [TestCase(2304)]
    [TestCase(2305)]
    [TestCase(65_536)]
    [TestCase(1_048_576)]
    public void Write_BigPayload_ComesOutAsItWentIn(int length)
    {
        var payload = new byte[length];
        new Random(length).NextBytes(payload);

        var frame = Deliveries(Written(framing => framing.Write(new Delivery("a.b", new DeliverySequence(1, 1), payload)))).Single();

        Assert.That(frame.Payload.AsSpan().SequenceEqual(payload), Is.True);
    }

    [TestCase("ünï.\"\\.😀")]
    [TestCase("<a>&'+/")]
    public void Write_AnySubject_ComesOutAsItWentIn(string subject)
    {
        var written = Written(framing => framing.Write(new Delivery(subject, new DeliverySequence(ulong.MaxValue, 1), default)));

        Assert.That(Deliveries(written).Single().Subject, Is.EqualTo(subject));
    }

    [Test]
    public void Write_Headers_ComeOutWhereTheFramingShowsThem()
    {
        var frames = Deliveries(Written(framing =>
            framing.Write(new Delivery("a", new DeliverySequence(1, 1), "x"u8, Headers))
            + framing.Write(new Delivery("a", new DeliverySequence(2, 2), "y"u8))));
        string[] shown = ShowsHeaders ? ["Trace-Id=7", "trace-id=ü: \"8\"", "Trace-Id=9"] : [];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(frames[0].Headers, Is.EquivalentTo(shown));
            Assert.That(frames[1].Headers, Is.Empty);
        }
    }

    [Test]
    public void Write_HostileHeaders_BreakNoFrame()
    {
        var hostile = MessageHeaders.Wrap((byte[])[.. "NATS/1.0\r\nA: \0\u0001\"}\n{\n\ndata: x\r\n"u8, 0xFF, .. ":\r\nB"u8]);

        var frames = Deliveries(Written(framing => framing.Write(new Delivery("a", new DeliverySequence(1, 1), "x"u8, hostile))));

        Assert.That(frames.Single().Payload, Is.EqualTo("x"u8.ToArray()));
    }

    [Test]
    public void Members_AllInTurn_EndEachWithAFrame()
    {
        var output = new ArrayPipeWriter();
        var framing = Create(output, new FramingOptions());
        var steps = new (Action Write, FrameKind Kind)[]
        {
            (framing.WriteOpen, FrameKind.Sign),
            (() => framing.Write(new Delivery("a", new DeliverySequence(1, 1), "x"u8)), FrameKind.Delivery),
            (() => framing.WriteKeepAlive(DateTimeOffset.UnixEpoch), FrameKind.Sign),
            (() => framing.Write(new Delivery("a", new DeliverySequence(2, 2), "y"u8)), FrameKind.Delivery),
            (() => framing.WriteEnd(Why), FrameKind.End),
        };
        foreach (var (write, kind) in steps)
        {
            var before = Read(output.Written).Count;
            write();
            var added = Read(output.Written).Skip(before).ToList();

            var expected = kind is FrameKind.Sign ? added.Select(_ => kind) : [kind];
            Assert.That(added.Select(frame => frame.Kind), Is.EqualTo(expected), kind.ToString());
            Assert.That(framing.Bytes, Is.EqualTo(output.Written.Length), "the access log counts them");
        }
    }

    [Test]
    public void WriteEnd_AnError_SaysWhy()
    {
        var end = Read(Written(framing => WriteEnd(framing)))[^1];

        Assert.That(end.Kind, Is.EqualTo(FrameKind.End));
        if (SaysWhy)
        {
            Assert.That((end.Status, end.Message, end.Detail), Is.EqualTo((409, Why.Message(), Why.Detail())));
        }
    }

    [Test]
    public void Write_SeveralDeliveries_CountsTheirBytesForTheBudget()
    {
        var output = new ArrayPipeWriter();
        var framing = Create(output, new FramingOptions());

        var first = framing.Write(new Delivery("a", new DeliverySequence(1, 1), new byte[10]));
        var second = framing.Write(new Delivery("a", new DeliverySequence(2, 2), new byte[10_000]));

        Assert.That((first + second, second > 10_000), Is.EqualTo((output.Written.Length, true)));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Write_OneAfterTheOther_AllocatesNothingWherePromised(bool metadata)
    {
        Assume.That(AllocatesNothing, Is.True);
        var output = new ArrayPipeWriter();
        var framing = Create(output, new FramingOptions("orders.>", metadata));
        var payload = new byte[100];
        WriteAll();
        output.Clear();

        var before = GC.GetAllocatedBytesForCurrentThread();
        WriteAll();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(allocated, Is.Zero);

        void WriteAll()
        {
            for (var index = 0; index < 20; index++)
            {
                framing.Write(new Delivery("orders.new", new DeliverySequence(1, 2), payload, default, new DeliveryDetails(1, 2, 3)));
            }
        }
    }

    protected static int WriteEnd(IFraming framing)
    {
        framing.WriteEnd(Why);
        return (int)framing.Bytes;
    }

    private static MessageHeaders HeadersOf(params (string Name, string Value)[] pairs) =>
        MessageHeaders.TryCreate([.. pairs.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))], out var headers, out var reason)
            ? headers
            : throw new ArgumentException(reason, nameof(pairs));

    private byte[] Written(Func<IFraming, int> write)
    {
        var output = new ArrayPipeWriter();
        var framing = Create(output, new FramingOptions());
        framing.WriteOpen();
        write(framing);
        return output.Written;
    }

    private List<Frame> Deliveries(byte[] bytes) => [.. Read(bytes).Where(frame => frame.Kind is FrameKind.Delivery)];

    protected enum FrameKind
    {
        Sign,
        Delivery,
        End,
    }

    /// <summary>A frame as a client reads it.</summary>
    protected sealed record Frame(FrameKind Kind)
    {
        public string? Subject { get; init; }

        public DeliverySequence Sequence { get; init; }

        public byte[] Payload { get; init; } = [];

        /// <summary>Each as name=value.</summary>
        public IReadOnlyList<string> Headers { get; init; } = [];

        public int Status { get; init; }

        public string? Message { get; init; }

        public string? Detail { get; init; }
    }

    /// <summary>Hands out blocks of the size that is asked for, or little more, and keeps what was written.</summary>
    protected sealed class ArrayPipeWriter : PipeWriter
    {
        private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);

        public byte[] Written => _buffer.WrittenSpan.ToArray();

        public void Clear() => _buffer.ResetWrittenCount();

        public override void Advance(int bytes) => _buffer.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.GetMemory(Math.Max(sizeHint, 16))[..Math.Max(sizeHint, 16)];

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;
    }
}
