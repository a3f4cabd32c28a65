using BenchmarkDotNet.Attributes;
using Httpmq.Application;
using Httpmq.Application.Publishing;
using Httpmq.Application.Settling;
using Httpmq.Domain.Access;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace Httpmq.MicroBench;

/// <summary>Once per publish: from the controller to the port and back. The caller is asked as the controller does it.</summary>
public class PublishBenchmarks
{
    private readonly byte[] _message = new byte[16];
    private IMediator _mediator = null!;
    private SinglePublish _single = null!;
    private PublishBatch _batch = null!;
    private Caller _caller = null!;
    private Subject _subject;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var services = new ServiceCollection()
            .AddMetrics()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IMessagePublisher, ReadyPublisher>()
            .AddApplication(new PublishBatchOptions(), new SettleOptions())
            .BuildServiceProvider();
        _mediator = services.GetRequiredService<IMediator>();
        _single = services.GetRequiredService<SinglePublish>();
        _caller = Caller.Anonymous;
        _batch = await _mediator.Send(new OpenPublishBatch(_caller));
        if (!Subject.TryParse("orders.europe.new", out _subject, out var reason))
        {
            throw new InvalidOperationException(reason);
        }
    }

    [Benchmark]
    public bool AskCaller() => _caller.CheckPublish(_subject) is null;

    [Benchmark]
    public async Task<ulong> Message() => (await _mediator.Send(new PublishMessage(new Publication(_subject, _message)))).Sequence;

    /// <summary>As <see cref="Message"/>, by the way that the route takes.</summary>
    [Benchmark]
    public async Task<ulong> MessageOfRoute() =>
        (await _single.PublishAsync(new Publication(_subject, _message), CancellationToken.None)).Sequence;

    [Benchmark]
    public async Task<ulong> BatchRecord()
    {
        await _batch.AddAsync(1, new Publication(_subject, _message), CancellationToken.None);
        return (await _batch.TakeAsync()).Outcome.Sequence;
    }

    private sealed class ReadyPublisher : IMessagePublisher, IPendingPublish
    {
        public int MaxPayload => 1024 * 1024;

        public bool IsCompleted => true;

        public ValueTask<IPendingPublish> StartAsync(Publication publication) => new(this);

        public ValueTask<IPendingPublish> StartInBatchAsync(Publication publication, CancellationToken cancellationToken) => new(this);

        public ValueTask<PublishOutcome> GetOutcomeAsync(CancellationToken cancellationToken) => new(PublishOutcome.Stored("orders", 42));
    }
}
