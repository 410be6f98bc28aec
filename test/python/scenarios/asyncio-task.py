import asyncio
import logging

logging.basicConfig(level=logging.INFO, format="%(message)s")


async def fail():
    logging.info("in a task")
    raise ValueError("never retrieved")


async def main():
    task = asyncio.create_task(fail(), name="T")
    await asyncio.sleep(0.01)
    del task
    logging.info("done")


asyncio.run(main())
