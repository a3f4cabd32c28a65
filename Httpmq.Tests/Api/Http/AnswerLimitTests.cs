using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Application.Streams;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Streams;
using MediatR;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace Httpmq.Tests.Api.Http;

/// <summary>Every route answers within 5 s, however many requests to JetStream its answer needs.</summary>
internal sealed class AnswerLimitTests
{
    [TestCase("GET", "nothing was changed")]
    [TestCase("POST", "may have happened")]
    public async Task Send_HandlerTakesTooLong_Is504InTime(string method, string effect)
    {
        var (time, controller) = Controller(method, CancellationToken.None);
        var sending = controller.SendStreamsAsync();

        time.Advance(TimeSpan.FromSeconds(4));
        Assert.That(sending.IsCompleted, Is.False);
        time.Advance(TimeSpan.FromSeconds(1));

        var error = Assert.ThrowsAsync<HttpmqException>(() => sending)!.Error;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Kind, Is.EqualTo(ErrorKind.Timeout));
            Assert.That(error.Detail(), Does.Contain(effect));
        }
    }

    [Test]
    public async Task Send_ClientLeft_IsNoTimeout()
    {
        using var aborted = new CancellationTokenSource();
        var (_, controller) = Controller("GET", aborted.Token);
        var sending = controller.SendStreamsAsync();

        await aborted.CancelAsync();

        Assert.That(() => sending, Throws.InstanceOf<OperationCanceledException>());
    }

    private static (FakeTimeProvider Time, TestController Controller) Controller(string method, CancellationToken aborted)
    {
        var time = new FakeTimeProvider();
        var mediator = new Mock<IMediator>();
        mediator
            .Setup(sender => sender.Send(It.IsAny<ListStreams>(), It.IsAny<CancellationToken>()))
            .Returns(async (ListStreams _, CancellationToken cancel) =>
            {
                await new TaskCompletionSource().Task.WaitAsync(cancel);
                return new Listed<StreamInfo>([], 0);
            });
        var http = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddSingleton(new AnswerLimits(time)).BuildServiceProvider(),
            RequestAborted = aborted,
        };
        http.Request.Method = method;
        return (time, new TestController(mediator.Object) { ControllerContext = new ControllerContext { HttpContext = http } });
    }

    private sealed class TestController(IMediator mediator) : ApiController(mediator)
    {
        public Task SendStreamsAsync() => SendAsync(new ListStreams(Caller.Anonymous, ListQuery.All));
    }
}
