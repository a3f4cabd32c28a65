using Httpmq.Infrastructure.Deliveries;
using Httpmq.Infrastructure.Queues;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Infrastructure.Deliveries;

/// <summary>What nobody will read goes back, once, and only while nobody else has it.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class UnreadDeliveriesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _back = [];
    private readonly UnreadDeliveries _unread;

    public UnreadDeliveriesTests() => _unread = new UnreadDeliveries(_time, TimeSpan.FromSeconds(30), _back.Add);

    [Test]
    public void GiveBack_Kept_GoBackOnceAndNotBefore()
    {
        _unread.Keep([Delivery("1"), Delivery("2")]);
        Assert.That(_back, Is.Empty, "they would come right back");

        _unread.GiveBack();
        _unread.GiveBack();

        Assert.That(_back, Is.EqualTo(["1", "2"]));
    }

    [Test]
    public void Keep_AfterTheRestWentBack_GoesBackAtOnce()
    {
        _unread.GiveBack();

        _unread.Keep([Delivery("late")]);

        Assert.That(_back, Is.EqualTo(["late"]));
    }

    [Test]
    public void GiveBack_WaitedForTheAckWait_IsSomebodyElses()
    {
        var old = Delivery("old");
        _time.Advance(TimeSpan.FromSeconds(1));
        _unread.Keep([old, Delivery("new")]);
        _time.Advance(TimeSpan.FromSeconds(29));

        _unread.GiveBack();

        Assert.That(_back, Is.EqualTo(["new"]));
    }

    private QueuedDelivery Delivery(string replyTo) => new("s", replyTo, default, _time.GetTimestamp(), [], 0, 0, 0);
}
