using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>How many pings are sent for many that ask.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SharedPingTests
{
    private readonly List<TaskCompletionSource> _sent = [];

    [Test]
    public async Task Send_ManyWhileOneIsUnderWay_ShareTheNext()
    {
        var ping = new SharedPing(SendAsync);
        var first = ping.SendAsync();
        var others = Enumerable.Range(0, 100).Select(_ => ping.SendAsync()).ToArray();

        Assert.That(_sent, Has.Count.EqualTo(1));
        _sent[0].SetResult();
        await first.WaitAsync(Eventually.TimeLimit);
        await Eventually.HoldsAsync(() => _sent.Count == 2, "the next ping");
        Assert.That(others.Where(static other => other.IsCompleted), Is.Empty, "the first was sent before they asked");

        _sent[1].SetResult();
        await Task.WhenAll(others).WaitAsync(Eventually.TimeLimit);
        Assert.That(_sent, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Send_AfterTheLastIsAnswered_SendsAnother()
    {
        var ping = new SharedPing(SendAsync);
        for (var count = 1; count <= 3; count++)
        {
            var sending = ping.SendAsync();
            Assert.That(_sent, Has.Count.EqualTo(count));
            _sent[^1].SetResult();
            await sending.WaitAsync(Eventually.TimeLimit);
        }
    }

    private Task SendAsync()
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _sent.Add(answer);
        return answer.Task;
    }
}
